using Pulse.Verification.Declarations;

namespace Pulse.Verification.Storage;

/// <summary>A rollup as one declaration of it is counted.</summary>
/// <param name="Number">Its number in <c>pulse_version</c>.</param>
/// <param name="Table">The name of its result table.</param>
/// <param name="Declaration">What it counts.</param>
/// <param name="Base">Below these positions the first edition of Pulse counted, by rules of its own.</param>
/// <param name="Buckets">Its buckets by number.</param>
internal sealed record StoredVersion(
    int Number, string Table, Declaration Declaration, StoredPositions Base, IReadOnlyList<StoredBucket> Buckets);
