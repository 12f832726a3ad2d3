using Akka.Event;
using Pulse.Actors.Storage.Cuts;
using Pulse.Counting;

namespace Pulse.Actors.Ingest;

/// <summary>What people, telemetry and lag monitors hear of a session.</summary>
internal sealed class SessionReport(IngestSession session, IngestStatistics statistics, GroupOffset group, ILoggingAdapter log)
{
    private int _attempt;
    private long? _stored;
    private long _toldOfGapTo;

    /// <summary>Looks at where the session stands now.</summary>
    /// <param name="sent">What it has sent to buckets since.</param>
    public void Update(IReadOnlyList<SessionEffect> sent)
    {
        var deltas = 0;
        foreach (var send in sent.OfType<SessionEffect.SendDelta>())
        {
            deltas++;
            foreach (var gap in send.Delta.Gaps)
                TellOf(gap);
        }

        if (deltas > 0)
            statistics.Flushed(deltas);
        if (session.Id.Attempt > _attempt && _attempt > 0)
        {
            log.Info("Session of {0} starts over.", session.Partition);
            statistics.SessionRestarted();
        }

        _attempt = session.Id.Attempt;
        var stored = session.StoredProgress?.Offset;
        _stored = stored ?? _stored;
        if (statistics.Status(session.Partition.Partition) is not { } status)
            return;
        status.Waits = session.WantsRecords;
        if (stored is null)
            return;
        status.Position = session.Position.Offset;
        status.Committed = stored;
    }

    /// <summary>What people are told of a log that was cut: the offsets in doubt, who counted them, and the ways on.</summary>
    /// <param name="end">How it was found.</param>
    public string OfCut(SessionEffect.End end)
    {
        log.Debug("The log of {0} was cut: {1}", session.Partition, end.Detail);
        var from = end.CutAt?.Offset;
        var furthest = session.Heard.Max(each => each.Position.Offset);
        var holders = session.Heard.Where(each => each.Position.Offset > (from ?? furthest - 1)).Select(each => each.Bucket);
        return CutNotice.Line(session.Partition, from, furthest, holders);
    }

    /// <summary>The partition is read.</summary>
    public void Reads()
    {
        if (statistics.Status(session.Partition.Partition) is { Standing: not null } status)
            status.Standing = null;
    }

    // Each bucket is told of it, and people once.
    private void TellOf(Gap gap)
    {
        if (gap.To <= _toldOfGapTo)
            return;
        _toldOfGapTo = gap.To;
        log.Warning(
            "The log of {0} begins at offset {1} now: the {3} offsets from {2} on are gone and can't be counted any more. "
            + "They are stored in pulse_gap, bucket by bucket. Retention must be longer than any outage.",
            session.Partition, gap.To, gap.From, gap.To - gap.From);
    }

    /// <summary>Tells the group how far all is stored.</summary>
    public void TellGroup() => _ = group.Tell(_stored ?? 0);
}
