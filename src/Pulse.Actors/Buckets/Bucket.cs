using Akka.Actor;
using Akka.Event;
using Pulse.Actors.Storage.Checkpoints;
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

    // A row or a table that a person mends is found by itself.
    private static readonly TimeSpan StandingInterval = TimeSpan.FromSeconds(5);

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
        Receive<StreamConfirmed>(Take);
        Receive<StatementEnded>(Take);
        Receive<LookEnded>(_interpreter.Hear);
        Receive<CellsEnded>(_interpreter.Hear);
        Receive<CheckpointDue>(_ => _interpreter.MakeCheckpoint());
        Receive<LookDue>(_ => _interpreter.Look());
        Receive<ShowUnstored>(_ => _interpreter.ShowUnstored());
        Receive<StopBucket>(_ => StopWhenStored());
        Receive<StopUnlessStored>(_ => StopUnlessAvailable());
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
        _interpreter.Leave();
        _context.Statistics.Stopped();
        _context.Statistics.GoesOn(_id);
        _context.Statistics.TakesPart(_id);
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
        else if (!_interpreter.IsApart && _context.Statistics.TakesPart(_id))
            _context.Watch.Tell(new BucketTakesPart(_id));
        if (_context.Statistics.FillsOrEmpties())
            _context.Watch.Tell(MemoryFillsOrEmpties.Instance);
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
        if (message.Problem is not null)
        {
            StandStill(message);
            return;
        }

        _interpreter.Hear(message);
        if (_interpreter.IsTakingOver)
            return;
        if (_context.Statistics.GoesOn(_id))
            _context.Watch.Tell(new BucketGoesOn(_id));
        foreach (var (requests, from) in _early)
            _interpreter.Hear(requests, from);
        _early.Clear();
    }

    // Nobody waits for it: sessions are told that it stands apart, and whether it can be stored now is asked again after a while.
    private void Take(StatementEnded message)
    {
        _interpreter.Hear(message);
        if (message.Outcome is { Result: StatementResult.Refused, Fault: { } fault })
        {
            if (_interpreter.IsApart && _context.Statistics.StandsApart(_id, fault.Message))
                _context.Watch.Tell(BucketStandsApart.Instance);
            Timers.StartSingleTimer(
                nameof(StatementResult.Refused), message with { Outcome = StatementOutcome.Unknown(fault) }, StandingInterval);
        }
    }

    // Another cluster may have answered the reader as well, and its records would pass for those of the stream once the right one
    // answers again. The next incarnation counts from the row.
    private void Take(StreamConfirmed message)
    {
        if (message.IsRefused)
            Context.Stop(Self);
        else
            _interpreter.Hear(message);
    }

    // Whoever waits for it asks again and again.
    private void StandStill(TakeoverEnded message)
    {
        _early.Clear();
        if (_context.Statistics.StandsStill(_id, message.Problem!))
            _context.Watch.Tell(BucketStandsStill.Instance);
        Timers.StartSingleTimer(nameof(StandStill), message with { Problem = null }, StandingInterval);
    }

    private void StopWhenStored()
    {
        _interpreter.Stop();
        Timers.StartPeriodicTimer(StopInterval, StopUnlessStored.Instance, TimeSpan.Zero, StopInterval);
    }

    // Nothing under way will end in time; the next incarnation counts again.
    private void StopUnlessAvailable()
    {
        if (!_context.Storage.IsAvailable || _context.Statistics.Unconfirmed is not null)
            Context.Stop(Self);
    }

    private void Stop(BucketEnd end)
    {
        if (end == BucketEnd.Overtaken)
        {
            _log.Debug("Bucket {0} was overtaken.", _id);
            _context.Watch.Tell(new BucketOvertaken(_id));
        }

        Context.Stop(Self);
    }

    private sealed record StopUnlessStored
    {
        public static StopUnlessStored Instance { get; } = new();
    }
}
