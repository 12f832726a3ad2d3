using Pulse.Counting;

namespace Pulse.Actors.Broker;

/// <summary>Where a log differs from the one that a position was in.</summary>
/// <param name="At">The first offset that differs, and the epoch of the record below it in the log that is there now.</param>
/// <param name="IsCertain">
/// Whether what lies below is the same, unless a broker was put back to a copy of its disk: the log still has records of the position's own
/// epoch, and a later one begins where they end. Else it may differ from further below on, and nobody knows from where. An epoch that was
/// given twice, and closed by a later one since, looks like one that an unclean election ended.
/// </param>
public sealed record LogDivergence(LogPosition At, bool IsCertain);
