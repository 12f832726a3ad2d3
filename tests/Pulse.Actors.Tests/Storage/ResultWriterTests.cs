using Akka.Actor;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Tests.Storage;

/// <summary>The writer before a store that the test steers.</summary>
public sealed class ResultWriterTests : IAsyncLifetime
{
    private readonly ActorSystem _node = ActorSystem.Create(
        "pulse", "akka.loglevel = INFO, akka.stdout-loglevel = OFF, akka.loggers = []");

    private readonly ResultWriterCounters _counters = new();
    private readonly StorageAvailability _availability = new();
    private readonly SteeredStore _store = new();
    private readonly LogLines _log;
    private readonly IActorRef _writer;
    private readonly Asker _asker;

    public ResultWriterTests()
    {
        _log = LogLines.Of(_node);
        _writer = _node.ActorOf(ResultWriter.Props(_store.WriteAsync, _availability, _counters));
        _asker = new Asker(_node);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await _node.Terminate();

    [Fact]
    public async Task A_sender_is_answered_after_the_commit_and_not_before()
    {
        Send("a");
        var write = await _store.NextAsync();
        Assert.Equal(0, _asker.Answers);
        write.Commit();
        await _asker.AnsweredAsync(1);
        Assert.Equal(1, _counters.Rows);
        Assert.Equal(0, _counters.Waiting);
    }

    [Fact]
    public async Task What_arrives_during_a_write_goes_into_the_next_one_in_order()
    {
        Send("a");
        var first = await _store.NextAsync();
        foreach (var name in new[] { "b", "c", "d" })
            Send(name);
        await Until.TrueAsync(() => _counters.Waiting == 4);
        first.Commit();

        var second = await _store.NextAsync();
        Assert.Equal(["b", "c", "d"], second.Buckets);
        second.Commit();
        await _asker.AnsweredAsync(4);
        Assert.Equal(2, _counters.Transactions);
    }

    [Fact]
    public async Task A_transaction_is_bounded()
    {
        Send("a");
        var first = await _store.NextAsync();
        Send("b", rows: ResultWriter.RowsPerTransaction - 1);
        Send("c", rows: 5);
        Send("d", rows: 1);
        await Until.TrueAsync(() => _counters.Waiting == 4);
        first.Commit();

        var second = await _store.NextAsync();
        Assert.Equal(["b", "c"], second.Buckets);
        second.Commit();
        var third = await _store.NextAsync();
        Assert.Equal(["d"], third.Buckets);
        third.Commit();
        await _asker.AnsweredAsync(4);
    }

    [Fact]
    public async Task A_failed_write_is_repeated_as_it_was_until_it_succeeds_and_logged_once()
    {
        Send("a");
        (await _store.NextAsync()).Fail("The disk is full.");
        Send("b");
        (await _store.NextAsync()).Fail("The disk is full.");
        Assert.False(_availability.IsAvailable);
        Assert.Equal("The disk is full.", _availability.Problem);
        Assert.Equal(0, _asker.Answers);

        var repeated = await _store.NextAsync();
        Assert.Equal(["a"], repeated.Buckets);
        repeated.Commit();
        var next = await _store.NextAsync();
        Assert.Equal(["b"], next.Buckets);
        next.Commit();
        await _asker.AnsweredAsync(2);

        Assert.True(_availability.IsAvailable);
        Assert.Equal(2, _counters.Failures);
        await Until.TrueAsync(() => _log.Lines.Count == 2);
        Assert.Contains("The disk is full.", _log.Lines[0], StringComparison.Ordinal);
        Assert.Contains("back after", _log.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bucket_that_was_overtaken_is_told_so_and_the_others_are_not()
    {
        Send("a");
        var first = await _store.NextAsync();
        var overtaken = _writer.Ask<ResultsOvertaken>(Request("z", 1), Until.Limit);
        Send("b");
        await Until.TrueAsync(() => _counters.Waiting == 3);
        first.Commit();

        (await _store.NextAsync()).CommitAllBut("z");
        Assert.Equal('z', (await overtaken).Results.Bucket);
        await _asker.AnsweredAsync(2);
    }

    [Fact]
    public async Task A_sender_that_died_meanwhile_does_not_matter()
    {
        var dead = _node.ActorOf(Props.Create(() => new Silent()));
        _writer.Tell(Request("a", 1), dead);
        var write = await _store.NextAsync();
        await dead.GracefulStop(Until.Limit);
        write.Commit();
        Send("b");
        (await _store.NextAsync()).Commit();
        await _asker.AnsweredAsync(1);
    }

    private void Send(string bucket, int rows = 1) => _writer.Tell(Request(bucket, rows), _asker.Reference);

    private static WriteResults Request(string bucket, int rows) => new(new BucketResults(
        RollupCatalog.BuiltIn[0],
        bucket[0],
        [.. Enumerable.Range(1, rows).Select(number => new KeyCount(new RollupKey("PC", "Drama"), new Window(300L * number), 1))],
        0));

    private sealed class Silent : UntypedActor
    {
        protected override void OnReceive(object message)
        {
        }
    }
}
