using Pulse.Actors.Storage;
using Pulse.Counting;

namespace Pulse.Actors.Buckets;

/// <summary>What the <see cref="CheckpointWriter"/> of a node needs to know.</summary>
/// <param name="Buckets">The node's buckets.</param>
/// <param name="Storage">Told of failures and successes, so that an outage is logged once per node.</param>
/// <param name="Statistics">What people and telemetry read.</param>
/// <param name="CheckpointInterval">The longest time between two checkpoints.</param>
/// <param name="RollupOf">The rollup of a bucket.</param>
/// <param name="AskStream">
/// Asks which stream the topic is, in a question that leaves after the call. What it throws says in a line for people why nobody
/// knows.
/// </param>
internal sealed record CheckpointWriterContext(
    LiveBuckets Buckets,
    StorageAvailability Storage,
    BucketStatistics Statistics,
    TimeSpan CheckpointInterval,
    Func<BucketId, Rollup> RollupOf,
    Func<CancellationToken, Task<string>> AskStream);
