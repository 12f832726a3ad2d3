namespace Pulse.Counting;

/// <summary>What <see cref="BucketCheckpointing"/> wants to be done. The interpreter does it, and decides nothing.</summary>
public abstract record BucketEffect
{
    private BucketEffect()
    {
    }

    /// <summary>
    /// Take the bucket's row over: the database gives it a new checkpoint, of its own making each time, and returns it.
    /// Answer with <see cref="BucketCheckpointing.TakenOver"/> or <see cref="BucketCheckpointing.TakeoverFailed"/>.
    /// </summary>
    /// <param name="Attempt">To be repeated in the answer.</param>
    public sealed record TakeOver(int Attempt) : BucketEffect;

    /// <summary>
    /// Ask which stream the topic is now, in a question that leaves after this effect; one question serves all buckets
    /// that wait for one. Answer with <see cref="BucketCheckpointing.StreamIs"/>, and ask until there is an answer.
    /// </summary>
    /// <param name="Frozen">To be repeated in the answer.</param>
    public sealed record ConfirmStream(CheckpointId Frozen) : BucketEffect;

    /// <summary>
    /// Execute a statement. Answer with <see cref="BucketCheckpointing.Stored"/>,
    /// <see cref="BucketCheckpointing.NotStored"/> or <see cref="BucketCheckpointing.OutcomeUnknown"/>.
    /// </summary>
    /// <param name="Statement">The statement; a repetition is the same object.</param>
    public sealed record Store(CheckpointStatement Statement) : BucketEffect;

    /// <summary>
    /// Read the row's checkpoint. Answer with <see cref="BucketCheckpointing.CheckpointRead"/> or
    /// <see cref="BucketCheckpointing.CheckpointUnread"/>.
    /// </summary>
    /// <param name="Look">To be repeated in the answer.</param>
    public sealed record ReadCheckpoint(int Look) : BucketEffect;

    /// <summary>
    /// Read the stored counts of cells in the background, in one snapshot with the row's checkpoint. Answer with
    /// <see cref="BucketCheckpointing.CellsRead"/>; without an answer they are asked for again.
    /// </summary>
    /// <param name="Cells">The cells, at most <see cref="BucketCheckpointing.CellsPerRead"/>.</param>
    public sealed record ReadCells(IReadOnlyList<(RollupKey Key, Window Window)> Cells) : BucketEffect;

    /// <summary>Call <see cref="BucketCheckpointing.MakeCheckpoint"/> now: so much has changed that it can't wait.</summary>
    public sealed record RequestCheckpoint : BucketEffect;

    /// <summary>Tell a session.</summary>
    /// <param name="Answer">The answer.</param>
    public sealed record AnswerSession(BucketAnswer Answer) : BucketEffect;

    /// <summary>Stop: this incarnation is over and nothing of it may live on, what the pages show of it included.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record End(BucketEnd Reason) : BucketEffect;
}
