using Pulse.Counting;

namespace Pulse.Actors.Storage;

/// <summary>What one bucket's checkpoint changes in the result tables.</summary>
/// <param name="Rollup">The bucket's rollup.</param>
/// <param name="Bucket">The bucket's number within the rollup.</param>
/// <param name="Rows">Absolute counts of the windows that changed.</param>
/// <param name="LateCount">
/// How many events of this bucket were late, in total; stored in
/// <c>pulse_late_events(rollup, bucket, late_count)</c>.
/// </param>
/// <param name="Checkpoint">
/// The checkpoint that holds them: only if it is the bucket's newest one is anything written. Null: not checked.
/// </param>
public sealed record BucketResults(
    Rollup Rollup,
    int Bucket,
    IReadOnlyList<KeyCount> Rows,
    long LateCount,
    StoredCheckpoint? Checkpoint = null);
