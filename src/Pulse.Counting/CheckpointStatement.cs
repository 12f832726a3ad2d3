namespace Pulse.Counting;

/// <summary>
/// What one checkpoint of a bucket writes, all of it or nothing: it applies only to the content that is named
/// <see cref="Previous"/>. A repetition is the same statement with the same <see cref="Next"/>.
/// </summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Previous">The content that the increments follow on.</param>
/// <param name="Next">The name of the content that comes about.</param>
/// <param name="Positions">The new positions in every partition, as written down.</param>
/// <param name="Balance">Increments of the row's counters.</param>
/// <param name="Counts">Increments of the result table's rows; each (key, window) at most once.</param>
/// <param name="Gaps">Gaps that the new positions have moved over; mostly none.</param>
public sealed record CheckpointStatement(
    BucketId Bucket,
    CheckpointId Previous,
    CheckpointId Next,
    string Positions,
    Balance Balance,
    IReadOnlyList<KeyCount> Counts,
    IReadOnlyList<Gap> Gaps);
