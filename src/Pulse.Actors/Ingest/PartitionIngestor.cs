using Akka.Actor;
using Akka.Event;
using Akka.Streams;
using Pulse.Actors.Broker;
using Pulse.Actors.Storage.Cuts;
using Pulse.Counting;

namespace Pulse.Actors.Ingest;

/// <summary>
/// Reads one partition: acquires it from its node, and has a <see cref="SessionInterpreter"/> read it. Sharded, so that
/// exactly one node reads a partition while all is well. Whatever fails ends it, and sharding starts another, which reads on
/// from where the buckets stand.
/// </summary>
public sealed class PartitionIngestor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DrainTickInterval = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AcquireTimeout = TimeSpan.FromSeconds(8);

    // A person has to mend a cut; access and unknown partitions may mend themselves.
    private static readonly TimeSpan CutRetry = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RefusedRetry = TimeSpan.FromSeconds(2);

    // Sharding's own limit for entities is a second longer, and speaks of a message that was not handled.
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(6);

    private readonly int _partition;
    private readonly IngestContext _context;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private StreamPartition _assigned;

    /// <summary>Makes the ingestor of a partition; it asks its node's <see cref="StreamIngest"/> for it.</summary>
    public PartitionIngestor(int partition, IngestContext context)
    {
        (_partition, _context) = (partition, context);
        Receive<PartitionAcquired>(Begin);
        Receive<PartitionUnavailable>(_ => Context.Stop(Self));
        Receive<TimedOut>(_ => Context.Stop(Self));
        Receive<StopReading>(_ => Context.Stop(Self));
        Receive<KeepReading>(_ => { });
        Receive<FlushNow>(_ => { });
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        Timers.StartSingleTimer(TimedOut.Instance, TimedOut.Instance, AcquireTimeout);
        _context.StreamIngest.Tell(new AcquirePartition(_partition));
    }

    // Whoever starts it anew must acquire the partition anew: it has lost its place.
    /// <inheritdoc />
    protected override void PreRestart(Exception reason, object message)
    {
        Context.Stop(Self);
        base.PreRestart(reason, message);
    }

    /// <inheritdoc />
    protected override void PostStop() => _context.Statistics.Released(_partition);

    // A cut that was found stays one until somebody decides, even where the log has grown again and shows nothing of it.
    private void Begin(PartitionAcquired acquired)
    {
        _assigned = acquired.Assigned.Partition;
        _context.Statistics.Assigned(_partition);
        Become(() =>
        {
            Receive<CutRead>(read =>
            {
                if (read.Cut is { } cut)
                {
                    StandStillByCut(cut.Notice);
                    WaitAndStop(CutRetry);
                    LookFurther();
                }
                else if (_context.Statistics.Status(_partition) is { IsCut: true })
                {
                    // A broker that was put back leads with lower epochs, which this client ignores.
                    _context.StreamIngest.Tell(new ReadAnew(_partition));
                    HandOver();
                }
                else
                {
                    Start(acquired);
                }
            });
            Receive<Status.Failure>(failure => StandStill(
                $"It is not known whether its log was found cut before. {failure.Cause.Message}", RefusedRetry));
            Receive<TimedOut>(_ => Context.Stop(Self));
            Receive<StopReading>(_ => HandOver());
            ReceiveAny(_ => { });
        });
        _context.ReadCut(_assigned).PipeTo(Self, success: cut => new CutRead(cut));
    }

    private void Start(PartitionAcquired acquired)
    {
        Timers.Cancel(TimedOut.Instance);
        Timers.StartPeriodicTimer(Due.Flush, Due.Flush, _context.FlushInterval);
        Timers.StartPeriodicTimer(Due.Tick, Due.Tick, TickInterval);
        Timers.StartPeriodicTimer(Due.Report, Due.Report, ReportInterval);
        var session = new SessionInterpreter(acquired, _context, Self, _log);
        Become(() => Reading(session));
        session.Start(Context.Materializer());
    }

    private void Reading(SessionInterpreter session)
    {
        Receive<PartitionNews>(news => session.Hear(news, Sender));
        Receive<SessionAnswers>(session.Hear);
        Receive<Due>(session.Do);
        Receive<FlushNow>(_ => session.Do(Due.Flush | Due.Tick));
        Receive<LogSpanAnswer>(session.Hear);
        Receive<StopReading>(_ => Drain(session));
        Receive<SessionEffect.End>(End);
        Receive<BatchSignal>(signal => signal == BatchSignal.Begin, _ => session.BatchesBegin(Sender));
        // The consumer stopped, or somebody else on this node was given the partition.
        Receive<BatchSignal>(_ => Context.Stop(Self));
        Receive<Status.Failure>(Fail);
        Receive<TimedOut>(_ => Context.Stop(Self));
        Receive<KeepReading>(_ => { });
    }

    // The partition alone stands still. What is wrong stays to be seen until the next ingestor reads on.
    private void StandStill(string why, TimeSpan retry)
    {
        GiveBack(why);
        WaitAndStop(retry);
    }

    private void WaitAndStop(TimeSpan retry)
    {
        Timers.StartSingleTimer(TimedOut.Instance, TimedOut.Instance, retry);
        Become(() =>
        {
            Receive<TimedOut>(_ => Context.Stop(Self));
            Receive<StopReading>(_ => HandOver());
            ReceiveAny(_ => { });
        });
    }

    // Until it is kept, this ingestor alone knows it: the next one might read a log that has grown again.
    private void StandStill(SessionEffect.End cut)
    {
        StandStillByCut(cut.Detail);
        Become(() =>
        {
            Receive<CutKept>(_ =>
            {
                WaitAndStop(CutRetry);
                LookFurther();
            });
            Receive<Status.Failure>(_ => Timers.StartSingleTimer(TimedOut.Instance, TimedOut.Instance, CutRetry));
            Receive<TimedOut>(_ => Keep(cut));
            Receive<StopReading>(_ => HandOver());
            ReceiveAny(_ => { });
        });
        Keep(cut);
    }

    private void Keep(SessionEffect.End cut) =>
        _context.KeepCut(_assigned, cut.CutAt).PipeTo(Self, success: () => CutKept.Instance);

    // The log may show now how far down it is another one, and not any more when it has grown. Where nobody says it, it is asked again soon.
    private void LookFurther() => _context.LowerCut(_assigned).PipeTo(Self, success: () => CutKept.Instance, failure: cause =>
    {
        _log.Debug("Nobody says how far down the log of partition {0} is another one: {1}", _partition, cause.Message);
        return CutKept.Instance;
    });

    private void StandStillByCut(string why)
    {
        GiveBack(why);
        _context.Statistics.Status(_partition)?.IsCut = true;
    }

    private void GiveBack(string why)
    {
        _log.Debug("Partition {0} stands still: {1}", _partition, why);
        _context.Statistics.StandsStill(_partition, why);
        _context.StreamIngest.Tell(PartitionGivenBack.Instance);
        Timers.CancelAll();
    }

    private void HandOver()
    {
        _context.Statistics.HandedOver(_partition);
        Context.Stop(Self);
    }

    private void Drain(SessionInterpreter session)
    {
        // What can't be stored now, the next reader counts again from where the rows stand.
        if (!_context.Storage.IsAvailable)
        {
            HandOver();
            return;
        }

        // Buckets move at the same time, and what reaches one on its way is lost: there is time for more than two attempts.
        Timers.StartPeriodicTimer(Due.Tick, Due.Tick, DrainTickInterval);
        Timers.StartSingleTimer(TimedOut.Instance, TimedOut.Instance, DrainTimeout);
        session.Do(Due.Drain);
    }

    private void End(SessionEffect.End end)
    {
        _log.Debug("The session of partition {0} has ended: {1}", _partition, end.Detail);
        switch (end.Reason)
        {
            case SessionEnd.LogCut:
                Judge(end);
                return;
            case SessionEnd.Refused:
                StandStill($"It can't be read: {end.Detail}", RefusedRetry);
                return;
            case SessionEnd.Drained or SessionEnd.Abandoned:
                _context.Statistics.HandedOver(_partition);
                break;
            case SessionEnd.OtherVersion:
                Refuse($"{end.Detail} Another node runs with other declarations, or the rollup was rebuilt under another one. Give "
                    + "every node the same Pulse:Rollups, Pulse:Window, Pulse:MaximumSkew and Pulse:AllowedLateness, and the same "
                    + "version of Pulse, and restart those that have others.",
                    isConfigured: true);
                break;
            case SessionEnd.OldStream:
                _context.StreamIngest.Tell(AskIdentity.Instance);
                break;
        }

        Context.Stop(Self);
    }

    // The log of a topic that was made again looks like one that was cut. Ids don't come back, so a question that leaves now tells.
    private void Judge(SessionEffect.End cut)
    {
        Become(() =>
        {
            Receive<StreamTold>(told => Judge(cut, told.Stream));
            Receive<TimedOut>(_ => Context.Stop(Self));
            Receive<StopReading>(_ => HandOver());
            Receive<RecordBatch>(batch => batch.Dispose());
            ReceiveAny(_ => { });
        });
        // Where nobody says it, the next session finds the same.
        _context.AskStream(CancellationToken.None)
            .PipeTo(Self, success: stream => new StreamTold(stream), failure: _ => TimedOut.Instance);
    }

    private void Judge(SessionEffect.End cut, string stream)
    {
        if (stream == _assigned.Stream)
        {
            StandStill(cut);
            return;
        }

        _context.StreamIngest.Tell(AskIdentity.Instance);
        Context.Stop(Self);
    }

    private void Refuse(string why, bool isConfigured = false) =>
        Context.System.EventStream.Publish(new IngestRefused(why, isConfigured));

    private void Fail(Status.Failure failure)
    {
        _log.Info("Partition {0} is read anew from where its buckets stand: {1}", _partition, failure.Cause.Message);
        _context.Statistics.SessionRestarted();
        Context.Stop(Self);
    }

    private sealed record StreamTold(string Stream);

    private sealed record CutRead(FoundCut? Cut);

    private sealed record CutKept
    {
        public static CutKept Instance { get; } = new();
    }

    private sealed record TimedOut
    {
        public static TimedOut Instance { get; } = new();
    }
}
