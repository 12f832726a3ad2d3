namespace Pulse.Verification.Storage;

/// <summary>A row of <c>pulse_bucket</c>, and the gaps of the bucket.</summary>
/// <param name="Number">The bucket's number.</param>
/// <param name="Positions">Where it stands.</param>
/// <param name="Counters">Its counters.</param>
/// <param name="Gaps">Offsets that it never counted, or counted from a log that was cut.</param>
internal sealed record StoredBucket(int Number, StoredPositions Positions, StoredCounters Counters, IReadOnlyList<StoredGap> Gaps);
