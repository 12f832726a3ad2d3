using Akka.Actor;
using Akka.Event;
using Pulse.Counting;

namespace Pulse.Actors.Buckets;

/// <summary>
/// The sharded actor of one bucket: receives messages for its <see cref="BucketInterpreter"/>, keeps those that come before
/// it has its row, and stops when it is over. A successor takes the row over.
/// </summary>
internal sealed class Bucket : ReceiveActor, IWithTimers
{
    private const int MostEarly = 100;
    private static readonly TimeSpan StopInterval = TimeSpan.FromSeconds(1);

    // Messages would bring its successor at once, and the same line again.
    private static readonly TimeSpan UnreadableInterval = TimeSpan.FromSeconds(30);

    private readonly BucketId _id;
    private readonly BucketContext _context;
    private readonly BucketInterpreter _interpreter;
    private readonly List<(BucketRequests Requests, IActorRef From)> _early = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();

    /// <summary>Makes the bucket.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="context">What the node's buckets share.</param>
    public Bucket(BucketId id, BucketContext context)
    {
        (_id, _context) = (id, context);
        _interpreter = new BucketInterpreter(id, context, Self, _log);

        Receive<BucketRequests>(Take);
        Receive<TakeoverEnded>(Take);
        Receive<StatementEnded>(_interpreter.Hear);
        Receive<LookEnded>(_interpreter.Hear);
        Receive<CellsEnded>(_interpreter.Hear);
        Receive<CheckpointDue>(_ => _interpreter.MakeCheckpoint());
        Receive<LookDue>(_ => _interpreter.Look());
        Receive<ShowUnstored>(_ => _interpreter.ShowUnstored());
        Receive<StopBucket>(_ => StopWhenStored());
        Receive<StopUnlessStored>(_ => StopUnlessAvailable());
        Receive<StopNow>(_ => Context.Stop(Self));
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        _context.Statistics.Started();
        _context.LiveBuckets.Add(_id, Self, _interpreter.Changes);
        _interpreter.Start();
        _interpreter.CarryOut();
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _context.Statistics.Stopped();
        _context.LiveBuckets.Remove(_id, Self);
    }

    // What it holds in memory may be wrong then, and its row is right.
    /// <inheritdoc />
    protected override void PreRestart(Exception reason, object message)
    {
        Context.Stop(Self);
        base.PreRestart(reason, message);
    }

    /// <inheritdoc />
    protected override bool AroundReceive(Receive receive, object message)
    {
        var isHandled = base.AroundReceive(receive, message);
        _interpreter.CarryOut();
        if (_interpreter.End is { } end)
            Stop(end);
        return isHandled;
    }

    private void Take(BucketRequests message)
    {
        // Sessions ask again after a second; the first of them need not wait so long.
        if (!_interpreter.IsTakingOver)
            _interpreter.Hear(message, Sender);
        else if (_early.Count < MostEarly)
            _early.Add((message, Sender));
    }

    private void Take(TakeoverEnded message)
    {
        try
        {
            _interpreter.Hear(message);
        }
        catch (FormatException wrong)
        {
            _log.Error(
                "The positions of bucket {0} in table pulse_bucket can't be read, so that no partition goes on: {1} "
                + "Restore the whole database from a backup.",
                _id, wrong.Message);
            _early.Clear();
            Timers.StartSingleTimer(StopNow.Instance, StopNow.Instance, UnreadableInterval);
            return;
        }

        if (_interpreter.IsTakingOver)
            return;
        foreach (var (requests, from) in _early)
            _interpreter.Hear(requests, from);
        _early.Clear();
    }

    private void StopWhenStored()
    {
        _interpreter.Stop();
        Timers.StartPeriodicTimer(StopInterval, StopUnlessStored.Instance, TimeSpan.Zero, StopInterval);
    }

    // Nothing under way will end in time; the next incarnation counts again.
    private void StopUnlessAvailable()
    {
        if (!_context.Storage.IsAvailable)
            Context.Stop(Self);
    }

    private void Stop(BucketEnd end)
    {
        if (end == BucketEnd.Overtaken)
        {
            _log.Warning(
                "Bucket {0} at {1} was overtaken: somebody else writes its row, or the database went back. It starts over.",
                _id, ((ExtendedActorSystem)Context.System).Provider.DefaultAddress);
        }

        Context.Stop(Self);
    }

    private sealed record StopNow
    {
        public static StopNow Instance { get; } = new();
    }

    private sealed record StopUnlessStored
    {
        public static StopUnlessStored Instance { get; } = new();
    }
}
