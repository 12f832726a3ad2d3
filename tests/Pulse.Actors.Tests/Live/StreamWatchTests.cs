using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Akka.Actor;
using Akka.Event;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Pulse.Actors.Broker;
using Pulse.Actors.Ingest;
using Pulse.Actors.Live;
using Pulse.Actors.Storage;
using Pulse.Actors.Tests.Storage;
using Pulse.Counting;

namespace Pulse.Actors.Tests.Live;

/// <summary>How often brokers and storage are asked, and what is said when something stands still, in virtual time.</summary>
public sealed class StreamWatchTests : TestKit
{
    private readonly StreamView _view = new();
    private readonly ClusterView _cluster = new() { Self = "self#1" };
    private readonly TestProbe _log;
    private readonly TestProbe _news;
    private readonly IActorRef _watch;
    private Func<Task<TopicDescription>> _describe;
    private ImmutableArray<bool> _hasLeader = [true, true, true];
    private ImmutableArray<NodeStatus> _nodes;
    private readonly IngestStatistics _ingest = new();
    private readonly ConcurrentQueue<(StreamPartition Partition, LogPosition From)> _kept = [];
    private Task _keep = Task.CompletedTask;
    private ImmutableHashSet<int> _cuts = [];
    private long _stored = 100;
    private int _questions;
    private int _answers;
    private bool _isHeld;

    public StreamWatchTests()
        : base(VirtualTime.Configuration + "\nakka.loglevel = INFO")
    {
        _describe = () => Task.FromResult(new TopicDescription("topic", "cluster", "id", _hasLeader));
        _log = CreateTestProbe("log");
        Sys.EventStream.Subscribe(_log, typeof(Warning));
        _news = CreateTestProbe("news");
        Sys.EventStream.Subscribe(_news, typeof(Info));
        var sources = new StreamSources(
            async _ =>
            {
                Interlocked.Increment(ref _questions);
                try
                {
                    return await _describe();
                }
                finally
                {
                    Interlocked.Increment(ref _answers);
                }
            },
            (topic, _) => Task.FromResult(topic.HasLeader.Index().Where(each => each.Item)
                .ToImmutableDictionary(each => each.Index, _ => new LogSpan(0, 100))),
            (_, _) => Task.FromResult(new StoredProgress(
                Enumerable.Range(0, 3).ToImmutableDictionary(partition => partition, partition => partition == 1 ? _stored : 100L)) { Cuts = _cuts }),
            (partition, from, _) =>
            {
                _kept.Enqueue((partition, from));
                return _keep;
            });
        _watch = Sys.ActorOf(Props.Create(() => new StreamWatch(
            sources, _cluster, _view, new StreamAssessment(TimeSpan.FromSeconds(5)), _ingest)));
        _nodes = [Node(_cluster.Self, Reads(0), Reads(1), Reads(2))];
        _watch.Tell(StreamWatch.Begin.Instance);
    }

    private TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    [Fact]
    public async Task No_question_is_asked_while_one_is_under_way()
    {
        var never = new TaskCompletionSource<TopicDescription>(TaskCreationOptions.RunContinuationsAsynchronously);
        await UntilAsync(state => state.Lag == 0);
        _isHeld = true;
        _describe = () => never.Task;
        var before = Volatile.Read(ref _questions);
        await UntilAsync(_ => Volatile.Read(ref _questions) == before + 1);

        await UntilAsync(state => state.Lag is null);
        Assert.Equal(before + 1, Volatile.Read(ref _questions));

        _isHeld = false;
        never.SetException(new InvalidOperationException("It was away."));
        await UntilAsync(state => state.KafkaProblem == "It was away.");
        _describe = () => Task.FromResult(new TopicDescription("topic", "cluster", "id", _hasLeader));
        await UntilAsync(state => state is { Lag: 0, KafkaProblem: null });
    }

    [Fact]
    public async Task An_answer_is_as_old_as_its_question()
    {
        var late = new TaskCompletionSource<TopicDescription>(TaskCreationOptions.RunContinuationsAsynchronously);
        var never = new TaskCompletionSource<TopicDescription>(TaskCreationOptions.RunContinuationsAsynchronously);
        await UntilAsync(state => state.Lag == 0);
        var before = _view.State.KafkaAnsweredUtc;
        _isHeld = true;
        _describe = () => late.Task;
        await UntilAsync(state => state.Lag is null);
        _describe = () => never.Task;
        late.SetResult(new TopicDescription("topic", "cluster", "id", _hasLeader));

        await UntilAsync(state => state.KafkaAnsweredUtc != before);

        Assert.True(_view.State.AtUtc - _view.State.KafkaAnsweredUtc >= TimeSpan.FromSeconds(8));
    }

    [Fact]
    public async Task That_brokers_are_silent_is_one_line_and_that_they_answer_again_another()
    {
        await UntilAsync(state => state.Lag == 0);
        var answer = _describe;
        _describe = () => Task.FromException<TopicDescription>(new InvalidOperationException("Kafka is gone."));

        await UntilAsync(state => state.Standing.Count() == 3);
        Assert.Matches(
            "^Kafka has not answered for 1[0-9] s, and how far partitions are behind is unknown. Kafka is gone.$", await WarningAsync());
        _describe = answer;
        await UntilAsync(state => state.Lag == 0);

        await NewsAsync("^Kafka answers again, after [0-9]+ s.$");
        await _log.ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [Fact]
    public async Task Partitions_that_stand_still_together_are_one_line_said_again_after_five_minutes()
    {
        await UntilAsync(state => state.Lag == 0);
        _hasLeader = [true, false, false];
        await UntilAsync(state => state.Standing.Count() == 2);
        Assert.Equal("2 partitions (1, 2) stand still: no leader.", await WarningAsync());
        await UntilAsync(state => state.AtUtc - _view.State.Partitions[1].Standing!.SinceUtc >= TimeSpan.FromSeconds(60));
        await _log.ExpectNoMsgAsync(TimeSpan.Zero);

        await UntilAsync(state => state.AtUtc - _view.State.Partitions[1].Standing!.SinceUtc >= StreamReport.Reminder);
        Assert.Equal("2 partitions (1, 2) stand still: no leader.", await WarningAsync());
        _hasLeader = [true, true, true];
        await UntilAsync(state => !state.Standing.Any());

        await NewsAsync("^2 partitions \\(1, 2\\) go on.$");
    }

    [Fact]
    public async Task A_log_that_ends_below_what_was_stored_before_is_kept_as_cut_whoever_reads_it_and_its_lag_is_unknown()
    {
        _nodes = [Node(_cluster.Self, Reads(0), Reads(2))];
        _stored = 130;

        await UntilAsync(state => state.Partitions is [{ Lag: 0 }, { Lag: null, Stored: 130, End: 100 }, { Lag: 0 }]);

        Assert.Equal((new StreamPartition("cluster/topic/id", 1), new LogPosition(100, LogPosition.UnknownEpoch)), _kept.First());
        Assert.All(_kept, kept => Assert.Equal(1, kept.Partition.Partition));
    }

    [Fact]
    public async Task A_cut_that_storage_keeps_is_not_kept_again()
    {
        _stored = 130;
        _cuts = [1];
        await UntilAsync(state => state.Partitions is [_, { Lag: null, Stored: 130, End: 100 }, _]);

        await LetPassAsync(TimeSpan.FromSeconds(10));

        Assert.Empty(_kept);
    }

    [Fact]
    public async Task While_storage_takes_its_time_to_keep_a_cut_brokers_are_asked_on()
    {
        var waits = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _keep = waits.Task;
        _stored = 130;
        await UntilAsync(_ => !_kept.IsEmpty);

        await LetPassAsync(TimeSpan.FromSeconds(20));
        Assert.True(_view.State.IsKafkaReachable);
        Assert.Single(_kept);

        _keep = Task.CompletedTask;
        waits.SetException(new StorageException("It was locked."));
        await UntilAsync(_ => _kept.Count > 1);
    }

    [Fact]
    public async Task Where_another_node_has_kept_a_cut_the_reader_here_begins_anew_once()
    {
        var readers = CreateTestProbe();
        Sys.EventStream.Subscribe(readers, typeof(ReadAnew));
        await UntilAsync(state => state.Lag == 0);
        _ingest.Assigned(1);

        _cuts = [1];
        await UntilAsync(state => state.Partitions[1].Lag is null);
        Assert.Equal(1, (await readers.ExpectMsgAsync<ReadAnew>()).Partition);
        await LetPassAsync(TimeSpan.FromSeconds(10));
        await readers.ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [Fact]
    public async Task Of_a_partition_that_another_node_reads_that_node_speaks()
    {
        const string Why = "log cut: look at it.";
        _nodes = [Node(_cluster.Self, Reads(0), Reads(2)), Node("other#2", Reads(1) with { Standing = Why })];
        await UntilAsync(state => state.Standing.Any());
        await _log.ExpectNoMsgAsync(TimeSpan.Zero);

        _nodes = [Node(_cluster.Self, Reads(0), Reads(2), Reads(1) with { Standing = Why }), Node("other#2")];

        await UntilAsync(state => state.Partitions[1].Reader == _cluster.Self);
        Assert.Equal("Partition 1 stands still: log cut: look at it.", await WarningAsync());
    }

    [Fact]
    public async Task A_partition_whose_new_reader_has_no_place_yet_does_not_go_on()
    {
        _nodes = [Node(_cluster.Self, Reads(0), Reads(2), new NodePartition(1, null, null, "log cut"))];
        await UntilAsync(state => state.Standing.Any());
        Assert.Equal("Partition 1 stands still: log cut.", await WarningAsync());

        _nodes = [Node(_cluster.Self, Reads(0), Reads(2))];
        await UntilAsync(state => state.Partitions[1] is { Reader: null, Standing: null });
        _nodes = [Node(_cluster.Self, Reads(0), Reads(2)), Node("other#2", new NodePartition(1, null, null))];
        await UntilAsync(state => state.Partitions[1].Reader == "other#2");
        await _log.ExpectNoMsgAsync(TimeSpan.Zero);
        _nodes = [Node(_cluster.Self, Reads(0), Reads(2)), Node("other#2", Reads(1))];

        await UntilAsync(state => state.Partitions[1].Position == 100);
        await NewsAsync("^Partition 1 goes on.$");
    }

    [Fact]
    public async Task A_client_that_brings_nothing_of_what_there_is_is_replaced_once()
    {
        var asked = CreateTestProbe();
        Sys.EventStream.Subscribe(asked, typeof(ReadAnew));
        _nodes = [Node(_cluster.Self, Reads(0), Reads(1) with { Position = 60 }, Reads(2))];
        _stored = 60;
        _ingest.Assigned(1);
        await UntilAsync(state => state.Standing.Any(partition => partition.Standing!.Cause == StandingCause.NoProgress));
        await asked.ExpectNoMsgAsync(TimeSpan.Zero);
        _ingest.Status(1)!.Waits = true;

        await UntilAsync(_ => asked.HasMessages);
        await asked.ExpectMsgAsync(new ReadAnew(1));
        await UntilAsync(state => state.AtUtc - _view.State.Partitions[1].Standing!.SinceUtc >= TimeSpan.FromMinutes(2));
        await asked.ExpectNoMsgAsync(TimeSpan.Zero);
    }

    private static NodePartition Reads(int partition) => new(partition, 100, 100);

    private static NodeStatus Node(string node, params NodePartition[] partitions) =>
        new(node, "10.0.0.1:4053", DateTime.UnixEpoch, 0, 0, 0, 0, 0, 0, null, null, null, [.. partitions]);

    // Akka has news too.
    private async Task NewsAsync(string pattern) =>
        await _news.FishForMessageAsync<Info>(news => Regex.IsMatch(news.Message.ToString()!, pattern));

    private async Task<string?> WarningAsync() => (await _log.ExpectMsgAsync<Warning>()).Message.ToString();

    // The pool asks at moments of its own; while it does, time stands still, unless the answer is held back.
    private Task LetPassAsync(TimeSpan time)
    {
        var begin = _view.State.AtUtc;
        return UntilAsync(state => state.AtUtc - begin >= time);
    }

    private async Task UntilAsync(Func<StreamState, bool> holds)
    {
        // Timers that are set while the clock moves get lost.
        _watch.Tell(new Identify(0), TestActor);
        await ExpectMsgAsync<ActorIdentity>();
        await Until.TrueAsync(() =>
        {
            foreach (var node in _nodes)
                _cluster.Told(node);
            if (holds(_view.State))
                return true;
            if (_isHeld || Volatile.Read(ref _questions) == Volatile.Read(ref _answers))
                Clock.Advance(StreamWatch.JudgeInterval);
            return false;
        });
    }
}
