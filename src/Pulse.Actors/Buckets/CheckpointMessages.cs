using Akka.Actor;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;

namespace Pulse.Actors.Buckets;

/// <summary>What a bucket asks of its node's <see cref="CheckpointWriter"/>, and is answered. Nothing of it leaves the node.</summary>
internal interface ICheckpointRequest : INoSerializationVerificationNeeded
{
    /// <summary>The bucket that asks.</summary>
    BucketId Bucket { get; }
}

/// <summary>Take a bucket's row over; answered by <see cref="TakeoverEnded"/>.</summary>
internal sealed record TakeoverWanted(BucketId Bucket, int Attempt) : ICheckpointRequest;

/// <summary>Ask which stream the topic is now; answered by <see cref="StreamConfirmed"/>.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Frozen">Of the effect: the question has to leave after this freeze.</param>
internal sealed record ConfirmWanted(BucketId Bucket, CheckpointId Frozen) : ICheckpointRequest;

/// <summary>Store a checkpoint; answered by <see cref="StatementEnded"/>.</summary>
/// <param name="Statement">The statement.</param>
/// <param name="WantsCounts">Whether the new counts of its cells are to be read back.</param>
internal sealed record StoreWanted(CheckpointStatement Statement, bool WantsCounts) : ICheckpointRequest
{
    /// <inheritdoc />
    public BucketId Bucket => Statement.Bucket;
}

/// <summary>Read the name of what a bucket's row holds; answered by <see cref="LookEnded"/>.</summary>
internal sealed record LookWanted(BucketId Bucket, int Look) : ICheckpointRequest;

/// <summary>Read cells in the background; answered by <see cref="CellsEnded"/>.</summary>
internal sealed record CellsWanted(BucketId Bucket, IReadOnlyList<(RollupKey Key, Window Window)> Cells) : ICheckpointRequest;

/// <param name="Attempt">Of the request.</param>
/// <param name="Row">The row; null where there is none to go on from, or nobody knows whether it was taken over.</param>
/// <param name="Problem">What is wrong with the row, where a person has to mend it; null where it is not the row.</param>
internal sealed record TakeoverEnded(int Attempt, BucketRow? Row, string? Problem = null) : INoSerializationVerificationNeeded;

/// <param name="Frozen">Of the request.</param>
/// <param name="Stream">The stream that the topic is; null where nobody says it now.</param>
/// <param name="IsRefused">Whether it is one that is not to be counted: nobody knows of which stream the last records were.</param>
internal sealed record StreamConfirmed(CheckpointId Frozen, string? Stream, bool IsRefused = false) : INoSerializationVerificationNeeded;

/// <param name="Statement">Of the request.</param>
/// <param name="Outcome">What is known.</param>
internal sealed record StatementEnded(CheckpointStatement Statement, StatementOutcome Outcome) : INoSerializationVerificationNeeded;

/// <param name="Look">Of the request.</param>
/// <param name="WasRead">Whether the row could be read.</param>
/// <param name="Checkpoint">The name; null where there is no row.</param>
internal sealed record LookEnded(int Look, bool WasRead, CheckpointId? Checkpoint) : INoSerializationVerificationNeeded;

/// <param name="Cells">What was read; null where it could not be.</param>
internal sealed record CellsEnded(CellsOfBucket? Cells) : INoSerializationVerificationNeeded;

/// <summary>Tells the buckets of a node that checkpoints are due, all at the same moment.</summary>
internal sealed record CheckpointDue : INoSerializationVerificationNeeded
{
    public static CheckpointDue Instance { get; } = new();
}

/// <summary>Tells the buckets of a node to look at their rows.</summary>
internal sealed record LookDue : INoSerializationVerificationNeeded
{
    public static LookDue Instance { get; } = new();
}
