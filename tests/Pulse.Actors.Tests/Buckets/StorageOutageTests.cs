using Akka.Actor;
using Pulse.Actors.Buckets;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Actors.Tests.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;
using static Pulse.Actors.Tests.Counting.CountingExamples;

namespace Pulse.Actors.Tests.Buckets;

/// <summary>A real server that goes away and comes back, under a bucket, the writer and the monitor. Has a server of its own,
/// since others use the assembly's at the same time.</summary>
public sealed class StorageOutageTests : IAsyncLifetime
{
    private static readonly SessionId Session = new(1, 1);

    private readonly PostgresFixture _postgres = new();
    private readonly ActorSystem _node = ActorSystem.Create(
        "pulse", "akka.loglevel = INFO, akka.stdout-loglevel = OFF, akka.loggers = []");

    private readonly StorageAvailability _availability = new();
    private readonly BucketStatistics _statistics = new();
    private readonly LiveBuckets _live = new();
    private ICheckpointStore _store = null!;
    private CountedVersion _version = null!;

    public async ValueTask InitializeAsync()
    {
        var options = new StorageOptions(StorageKind.Postgres, await _postgres.CreateDatabaseAsync());
        _store = CheckpointStores.For(options, RollupCatalog.Default);
        await _store.PrepareAsync(CountingRules.Default, CancellationToken.None);
        _version = new VersionDeclaration(ByDeviceGenre, CountingRules.Default).Counted;
    }

    public async ValueTask DisposeAsync()
    {
        await _node.Terminate();
        await _store.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    [Fact]
    public async Task A_server_that_crashes_and_returns_loses_nothing_and_is_logged_once()
    {
        var log = LogLines.Of(_node);
        var bucket = StartBucket();
        await BringAsync(bucket, 0);
        await Until.TrueAsync(() => _statistics.Checkpoints == 1);

        await _postgres.StopAsync();
        for (var offset = 1; offset < 20; offset++)
            await BringAsync(bucket, offset);
        await Until.TrueAsync(() => !_availability.IsAvailable && _statistics.FailedStatements > 0);

        await _postgres.StartAsync();
        await Eventually.HoldsAsync("all is stored", Until.Limit, async () => await StoredAsync() == 20);

        await Until.TrueAsync(() => _availability.IsAvailable && log.Lines.Count == 2);
        Assert.StartsWith("Storage is away", log.Lines[0], StringComparison.Ordinal);
        Assert.StartsWith("Storage is back", log.Lines[1], StringComparison.Ordinal);
    }

    private IActorRef StartBucket()
    {
        var context = new CheckpointWriterContext(_live, _availability, _statistics, TimeSpan.FromMilliseconds(300), _ => ByDeviceGenre, _ => Task.FromResult(Zero.Stream));
        var writer = _node.ActorOf(Props.Create(() => new CheckpointWriter(_store, context)));
        var buckets = new BucketContext(RollupCatalog.Default, [_version], writer, _availability, _statistics) { LiveBuckets = _live };
        return _node.ActorOf(Props.Create(() => new Bucket(Mobile, buckets)));
    }

    private async Task BringAsync(IActorRef bucket, long offset)
    {
        var delta = new Delta(
            Zero, _version.Digest, new LogPosition(offset, 0), new LogPosition(offset + 1, 0), new Balance(1, 0, 0, 0, 1),
            [new KeyCount(MobileDrama, Early, 1)], []);
        var replies = await bucket.Ask<BucketReplies>(
            new BucketRequests(Mobile, _version.Digest, [], [new SessionDelta(Session, delta)], []), Until.Limit);
        Assert.Equal(AnswerKind.Applied, Assert.Single(replies.Answers).Kind);
    }

    private async Task<long> StoredAsync()
    {
        try
        {
            await using var snapshot = await _store.ReadSnapshotAsync(CancellationToken.None);
            var rows = 0L;
            await foreach (var row in snapshot.ReadAsync(ByDeviceGenre, new Window(0), new Window(int.MaxValue), CancellationToken.None))
                rows += row.Count;
            Assert.Equal(rows, snapshot.Buckets[Mobile].Balance.Counted);
            return rows;
        }
        catch (StorageException)
        {
            return -1;
        }
    }
}
