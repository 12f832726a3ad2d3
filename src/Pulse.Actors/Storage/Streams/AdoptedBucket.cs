using Pulse.Counting;

namespace Pulse.Actors.Storage.Streams;

/// <summary>A bucket's row as it was looked at before its positions get another stream's name.</summary>
/// <param name="Version">The version of its rollup.</param>
/// <param name="Number">Its number.</param>
/// <param name="Checkpoint">The name of its content.</param>
/// <param name="Positions">Where it stands.</param>
internal sealed record AdoptedBucket(int Version, int Number, CheckpointId Checkpoint, BucketPositions Positions);
