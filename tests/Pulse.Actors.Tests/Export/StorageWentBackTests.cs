using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit.Xunit;
using Pulse.Actors.Coordination;
using Pulse.Actors.Ingest;
using Pulse.Actors.Storage;
using Pulse.Actors.Tests.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Export;

/// <summary>
/// The coordinator over a real database that goes back to an earlier state after everything was seen to be stored: a
/// backup is restored, a replica that lagged takes over.
/// </summary>
public sealed class StorageWentBackTests(PostgresFixture postgres) : TestKit(ExportMessageSerializer.Configuration.WithFallback(
    """
    akka.loglevel = OFF
    akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
    akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
    """))
{
    private const long End = 10;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly StreamPartition Partition = new("stream", 0);
    private static readonly Rollup Rollup = RollupCatalog.BuiltIn[0];

    private readonly RecordingWarehouse _warehouse = new();
    private TestStorage _storage = null!;
    private BucketWriter _writer = null!;
    private ExportSource _source = null!;
    private string _backup = null!;

    /// <summary>The database before the completion, four of ten events behind, and what is stored since.</summary>
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _storage = await TestStorage.CreateAsync(StorageKind.Sqlite, postgres);
        var node = await _storage.OpenPreparedAsync();
        _writer = new BucketWriter(node, RollupCatalog.Default);
        _source = new ExportSource(node, RollupCatalog.Default);
        _backup = Path.GetTempFileName();
        File.Delete(_backup);

        await StoreAsync(events: 6, end: 6);
        await _storage.QueryAsync($"vacuum into '{_backup}'");
        await StoreAsync(events: 4, end: End);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _storage.DisposeAsync();
        File.Delete(_backup);
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData("dates")]
    [InlineData("rows")]
    public async Task An_export_waits_once_more_and_never_takes_less_than_the_completion_covers(string before)
    {
        var isRestored = 0;
        var told = CreateTestProbe();
        Sys.EventStream.Subscribe(told, typeof(ExportNotice));

        var coordinator = Sys.ActorOf(Coordinator.Props(With(RestoreAsync), Patience));
        coordinator.Tell(new CompletionReceived(new CompletionId("completions", 0, 0), DateTime.UtcNow));
        await told.FishForMessageAsync<ExportProgress>(
            progress => progress is { Phase: ExportPhase.Draining, EventsToDrain: 4 }, Limit);

        Assert.Equal(1, isRestored);
        Assert.Empty(_warehouse.Loads);

        await StoreAsync(events: 4, end: End);
        var finished = (ExportFinished)await told.FishForMessageAsync(notice => notice is ExportFinished, Limit);

        Assert.Equal(10, Assert.Single(finished.Outcome.Rollups).ViewCount);
        Assert.Equal(10, _warehouse.Tables.Values.SelectMany(rows => rows).Sum(row => row.Count));
        Assert.Null((await coordinator.Ask<ExportState>(GetExportState.Instance, Limit)).Trouble);

        async Task RestoreAsync(string step)
        {
            if (step == before && Interlocked.Exchange(ref isRestored, 1) == 0)
                await GoBackAsync();
        }
    }

    private static ExportOptions Patience { get; } = new()
    {
        PollInterval = TimeSpan.FromMilliseconds(5), FirstPause = TimeSpan.FromMilliseconds(5),
    };

    private ExportCollaborators With(Func<string, Task> step) => new()
    {
        StreamIdentity = _ => Task.FromResult(Partition.Stream),
        ReadEnds = _ => Task.FromResult<ImmutableArray<PartitionRange>>([new PartitionRange(Partition.Partition, 0, End)]),
        ReadStored = _source.ReadStoredAsync,
        Catalog = RollupCatalog.Default,
        ReadDates = async (completion, token) =>
        {
            await step("dates");
            return await _source.ReadDatesAsync(completion, token);
        },
        ReadRows = (completion, rollup, date, token) => RowsAsync(step, completion, rollup, date, token),
        Warehouse = _warehouse,
        Mediator = ActorRefs.Nobody,
    };

    private async IAsyncEnumerable<KeyCount> RowsAsync(
        Func<string, Task> step,
        CompletionAccepted completion,
        Rollup rollup,
        DateOnly date,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken token)
    {
        await step("rows");
        await foreach (var row in _source.ReadRowsAsync(completion, rollup, date, token))
            yield return row;
    }

    private async Task StoreAsync(int events, long end)
    {
        await _writer.CountAsync(Rollup, [new KeyCount(new RollupKey("PC", "Drama"), new Window(1_767_225_900), events)]);
        await _writer.MoveAsync(Partition, end);
    }

    private Task GoBackAsync() => _storage.QueryAsync(
        $"""
        attach database '{_backup}' as backup;
        begin immediate;
        delete from pulse_bucket; insert into pulse_bucket select * from backup.pulse_bucket;
        delete from {Rollup.TableName}; insert into {Rollup.TableName} select * from backup.{Rollup.TableName};
        commit;
        detach database backup;
        """);
}
