using Akka.Actor;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage;

/// <summary>A real server that goes away and comes back, under the writer and the monitor. Has a server of its own,
/// since others use the assembly's at the same time.</summary>
public sealed class StorageOutageTests : IAsyncLifetime
{
    private static readonly Rollup Rollup = RollupCatalog.BuiltIn[0];

    private readonly PostgresFixture _postgres = new();
    private readonly ActorSystem _node = ActorSystem.Create(
        "pulse", "akka.loglevel = INFO, akka.stdout-loglevel = OFF, akka.loggers = []");

    private readonly StorageAvailability _availability = new();
    private ResultStore _store = null!;

    public async ValueTask InitializeAsync()
    {
        var options = new StorageOptions(StorageKind.Postgres, await _postgres.CreateDatabaseAsync());
        _store = new ResultStore(options, RollupCatalog.Default);
        await _store.PrepareAsync(Window.DefaultLength, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _node.Terminate();
        await _postgres.DisposeAsync();
    }

    [Fact]
    public async Task A_server_that_crashes_and_returns_loses_nothing_and_is_logged_once()
    {
        var log = LogLines.Of(_node);
        var counters = new ResultWriterCounters();
        var asker = new Asker(_node);
        var writer = _node.ActorOf(ResultWriter.Props(_store.UpsertAsync, _availability, counters));
        _node.ActorOf(StorageMonitor.Props(_store.PingAsync, _availability));

        writer.Tell(Request(1), asker.Reference);
        await asker.AnsweredAsync(1);

        await _postgres.StopAsync();
        for (var number = 2; number <= 50; number++)
            writer.Tell(Request(number), asker.Reference);
        await Until.TrueAsync(() => !_availability.IsAvailable && counters.Failures >= 2);
        await Until.TrueAsync(() => _availability.Problem?.Contains("127.0.0.1", StringComparison.Ordinal) == true);

        await _postgres.StartAsync();
        await asker.AnsweredAsync(50);
        await Until.TrueAsync(() => _availability.IsAvailable);

        Assert.Equal(50, (await _store.TotalsAsync(Rollup, CancellationToken.None)).Counted);
        await Until.TrueAsync(() => log.Lines.Count == 2);
        Assert.StartsWith("Storage is away", log.Lines[0], StringComparison.Ordinal);
        Assert.StartsWith("Storage is back", log.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_hangs_is_noticed_and_so_is_its_return()
    {
        _node.ActorOf(StorageMonitor.Props(_store.PingAsync, _availability));
        await _postgres.PauseAsync();
        try
        {
            await Until.TrueAsync(() => !_availability.IsAvailable);
        }
        finally
        {
            await _postgres.ResumeAsync();
        }

        await Until.TrueAsync(() => _availability.IsAvailable);
    }

    private static WriteResults Request(int number) => new(new BucketResults(
        Rollup, number, [new KeyCount(new RollupKey("PC", $"genre {number}"), new Window(1_767_225_600), 1)], 0));
}
