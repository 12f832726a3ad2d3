using Pulse.Actors.Buckets;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Event;
using Pulse.Actors.Storage;

namespace Pulse.Actors.Live;

/// <summary>
/// Brings the counts of all buckets of the cluster into this node's <see cref="ReadModel"/>: takes what changed in the
/// node's own buckets a few times a second, tells the other nodes, and hears what they tell. Fills the model from
/// storage at start, and again after a batch was lost.
/// </summary>
/// <remarks>
/// Storage holds what is checkpointed and the buckets know what is not; both are asked. Of each count, the largest of the
/// largest generation is kept, so that their order does not matter. One thing can fall between the two: what was checkpointed after
/// storage was read and before the bucket was asked. So storage is read once more a little later.
/// </remarks>
public sealed class LiveFeed : ReceiveActor, IWithTimers
{
    /// <summary>The publish-subscribe topic of all its messages.</summary>
    public const string Topic = "pulse-live";

    // So much at once; what changed besides waits in its bucket, so that heartbeats need not wait behind it.
    private const int PagesPerInterval = 32;
    private const int SettlingWindows = 12;

    private static readonly TimeSpan StatusInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SecondFillDelay = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan RepairInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FillRetryDelay = TimeSpan.FromSeconds(1);

    private readonly ReadModel _model;
    private readonly ClusterView _view;
    private readonly LiveBuckets _buckets;
    private readonly ModelFiller _filler;
    private readonly NodeReport _report;
    private readonly IActorRef _bucketRegion;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly IActorRef _mediator = DistributedPubSub.Get(Context.System).Mediator;
    private readonly Dictionary<string, long> _heard = new(StringComparer.Ordinal);
    private readonly NodeStatusParts _parts = new();
    private readonly string _node;
    private long _sequence;
    private int _shards;
    private bool _isFilling;

    /// <summary>Makes the feed.</summary>
    /// <param name="model">Where counts go.</param>
    /// <param name="view">Where the nodes' words go.</param>
    /// <param name="buckets">The node's own buckets.</param>
    /// <param name="store">The result tables.</param>
    /// <param name="report">Says what this node does.</param>
    /// <param name="bucketRegion">The shard region of the buckets.</param>
    public LiveFeed(
        ReadModel model,
        ClusterView view,
        LiveBuckets buckets,
        ResultStore store,
        NodeReport report,
        IActorRef bucketRegion)
    {
        _model = model;
        _view = view;
        _buckets = buckets;
        _filler = new ModelFiller(store, model.Options);
        _report = report;
        _bucketRegion = bucketRegion;
        _node = _cluster.SelfUniqueAddress.ToString();

        Receive<TellNow>(_ => TellChanges());
        Receive<LiveCounts>(Handle);
        Receive<UnstoredWanted>(_ => _buckets.Tell(ShowUnstored.Instance));
        Receive<ReportNow>(_ => Report());
        Receive<ShardRegionStats>(stats => _shards = stats.Stats.Count);
        Receive<NodeStatus>(Handle);
        Receive<FillNow>(fill => Fill(fill.NewestWindows));
        Receive<Filled>(Handle);
        Receive<ClusterEvent.MemberRemoved>(removed => Forget(removed.Member.UniqueAddress.ToString()));
        Receive<ClusterEvent.CurrentClusterState>(_ => { });
        Receive<SubscribeAck>(_ => { });
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        _view.Self = _node;
        _mediator.Tell(new Subscribe(Topic, Self));
        _cluster.Subscribe(Self, typeof(ClusterEvent.MemberRemoved));
        _mediator.Tell(new Publish(Topic, UnstoredWanted.Instance));
        Timers.StartPeriodicTimer(TellNow.Instance, TellNow.Instance, _model.Options.Interval);
        Timers.StartPeriodicTimer(ReportNow.Instance, ReportNow.Instance, TimeSpan.Zero, StatusInterval);
        Timers.StartPeriodicTimer("repair", new FillNow(SettlingWindows), RepairInterval);
        Fill(_model.Options.Windows);
        FillAgainLater();
    }

    /// <inheritdoc />
    protected override void PostStop() => _cluster.Unsubscribe(Self);

    private void TellChanges()
    {
        var (pages, since) = (0, long.MaxValue);
        // What changes meanwhile queues again and waits for the next time.
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var page in LivePages.Of(Changed()))
        {
            Tell(page, since);
            pages++;
        }

        IEnumerable<LiveBucket> Changed()
        {
            var isOver = false;
            while (!isOver && pages < PagesPerInterval && _buckets.TryTake(out var changes))
            {
                var (bucket, changedSince) = changes.Take(_model.Options.KeysPerWindow);
                since = Math.Min(since, changedSince);
                isOver = changedSince > now;
                yield return bucket;
            }
        }
    }

    private void Tell(IReadOnlyList<LiveBucket> buckets, long changedSince)
    {
        var counts = new LiveCounts(_node, ++_sequence, changedSince, buckets);
        _model.Merge(counts);
        if (!IsAlone)
            _mediator.Tell(new Publish(Topic, counts));
    }

    private void Handle(LiveCounts counts)
    {
        if (counts.Node == _node)
            return;
        _model.Merge(counts);
        var isNext = _heard.TryGetValue(counts.Node, out var before) && counts.Sequence == before + 1;
        _heard[counts.Node] = Math.Max(before, counts.Sequence);
        if (!isNext)
            AskAgain();
    }

    // What the sender's buckets have not published comes from them, the rest from storage.
    private void AskAgain()
    {
        Sender.Tell(UnstoredWanted.Instance);
        FillAgainLater();
    }

    private void FillAgainLater() =>
        Timers.StartSingleTimer("again", new FillNow(_model.Options.Windows), SecondFillDelay);

    private void Fill(int newestWindows)
    {
        if (_isFilling)
            return;
        _isFilling = true;
        var isFirst = !_model.IsFilled;
        _filler.FillAsync(_model, isFirst ? _model.Options.Windows : newestWindows, CancellationToken.None)
            .PipeTo(Self, success: () => new Filled(null), failure: cause => new Filled(cause));
    }

    private void Handle(Filled message)
    {
        _isFilling = false;
        if (message.Cause is not { } cause)
            return;

        // The storage monitor speaks for the whole node.
        _log.Debug("The live counts wait for the stored ones: {0}", cause.GetBaseException().Message);
        Timers.StartSingleTimer("retry", new FillNow(_model.Options.Windows), FillRetryDelay);
    }

    private void Report()
    {
        _bucketRegion.Tell(GetShardRegionStats.Instance);
        var status = _report.Now(_node, _cluster.SelfAddress, _shards) with { Sequence = _sequence };
        _view.Told(status);
        if (IsAlone)
            return;
        foreach (var part in NodeStatusParts.Of(status))
            _mediator.Tell(new Publish(Topic, part));
    }

    private void Handle(NodeStatus part)
    {
        if (part.Node == _node || _parts.Add(part) is not { } status)
            return;
        _view.Told(status);
        if (status.Sequence <= _heard.GetValueOrDefault(status.Node))
            return;

        // The newest batches did not come this way, and another that shows it may not follow for long.
        _heard[status.Node] = status.Sequence;
        AskAgain();
    }

    private void Forget(string node)
    {
        _heard.Remove(node);
        _parts.Forget(node);
        _view.Left(node);
    }

    private bool IsAlone => _cluster.State.Members.Count <= 1;

    private sealed record TellNow
    {
        public static TellNow Instance { get; } = new();
    }

    private sealed record ReportNow
    {
        public static ReportNow Instance { get; } = new();
    }

    private sealed record FillNow(int NewestWindows);

    private sealed record Filled(Exception? Cause);
}
