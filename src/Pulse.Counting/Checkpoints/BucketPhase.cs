namespace Pulse.Counting;

/// <summary>How far an incarnation of a bucket has come with its row.</summary>
public enum BucketPhase
{
    /// <summary>It has asked for its row and has none yet.</summary>
    TakingOver,

    /// <summary>It has its row; nothing is about to be stored.</summary>
    Open,

    /// <summary>What is to be stored is fixed; the stream's identity must be confirmed first.</summary>
    Frozen,

    /// <summary>The statement was sent; its answer is awaited.</summary>
    Storing,

    /// <summary>The statement may have been executed or not; the row's checkpoint is read to find out.</summary>
    OutcomeUnknown,

    /// <summary>It has forgotten everything and takes nothing more.</summary>
    Over,
}
