using System.Diagnostics;
using Akka.Actor;
using Akka.Event;

namespace Pulse.Actors.Ingest.Formats;

/// <summary>Tells people that the format of what the node reads is wrong, once, and that this is over. One per node.</summary>
internal sealed class FormatWatch : ReceiveActor, IWithTimers
{
    /// <summary>How often it judges.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly RecordFormats _formats;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private long? _wrongSince;

    /// <summary>For <see cref="Props"/>, which makes it by reflection.</summary>
    public FormatWatch(RecordFormats formats)
    {
        _formats = formats;
        Receive<JudgeNow>(_ => Judge());
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart() => Timers.StartPeriodicTimer(JudgeNow.Instance, JudgeNow.Instance, Interval);

    private void Judge()
    {
        var problem = _formats.Judge();
        if (problem is not null && _wrongSince is null)
        {
            _wrongSince = Stopwatch.GetTimestamp();
            _log.Warning("A producer seems to write another format: {0} They are dead letters; the others are counted.", problem);
        }
        else if (problem is null && _wrongSince is { } since)
        {
            _wrongSince = null;
            _log.Info(
                "What this node reads are viewing events again, after {0:N0} s. What was in another format stays in the dead-letter topic.",
                Stopwatch.GetElapsedTime(since).TotalSeconds);
        }
    }

    private sealed record JudgeNow : INoSerializationVerificationNeeded
    {
        public static JudgeNow Instance { get; } = new();
    }
}
