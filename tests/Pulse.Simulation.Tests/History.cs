namespace Pulse.Simulation.Tests;

/// <summary>
/// Histories that the scenarios are meant to reach, numbered as the design numbers them. They are counted, so that a
/// simulation that stopped reaching one of them does not go on passing for the wrong reason.
/// </summary>
internal enum History
{
    /// <summary>1: the database goes back behind what buckets have answered, while they and their sessions live.</summary>
    ReplicaPromotedUnderLiveNodes,

    /// <summary>2: a statement that was sent before the database went back is executed after it, on another history.</summary>
    StatementMeetsAnotherHistory,

    /// <summary>3: a statement is executed, the answer lost, and the same statement executed again.</summary>
    StatementExecutedTwice,

    /// <summary>4: a statement of a zombie is executed after two successors have taken over.</summary>
    ZombieAfterTwoSuccessors,

    /// <summary>5: a session that counts by an older declaration is refused.</summary>
    OldDeclarationRefused,

    /// <summary>6: the log is cut below one bucket's position and above another's.</summary>
    CutBetweenPositions,

    /// <summary>7: the topic is made again between reading and storing.</summary>
    TopicMadeAgainBeforeStoring,

    /// <summary>8: one bucket has a gap where another has the records.</summary>
    GapOfOneBucketOnly,

    /// <summary>9: a bucket without any new count stores a new position.</summary>
    QuietBucketMoved,

    /// <summary>12: storage was away until a bucket was full, and it stored afterwards.</summary>
    FullBucketStoredAfterwards,

    /// <summary>12: a bucket was silent because all of its node together were full, though it was not.</summary>
    FullNodeSilencedABucket,

    /// <summary>13: a declaration is raised at a cut while a node that counts by the one before is paused.</summary>
    DeclarationRaisedWhileANodeSleeps,

    /// <summary>13: a node that counts by another declaration than the database finds no row.</summary>
    TakeoverOfAnotherDeclaration,

    /// <summary>14: a takeover was sent twice and executed twice.</summary>
    TakeoverExecutedTwice,

    /// <summary>15: a bucket with nothing to store finds that the database went back.</summary>
    IdleBucketFoundDatabaseBack,

    /// <summary>16: a bucket loses its memory while its session is at the end of the log, and gets it again.</summary>
    MemoryLostAtTheEndOfTheLog,

    /// <summary>17: the database goes back between the moment that an export was due and its reading.</summary>
    ExportAcrossFailover,

    /// <summary>A delta was applied while a statement was under way.</summary>
    AppliedWhileStoring,

    /// <summary>An export was complete.</summary>
    Exported,

    /// <summary>A session drained.</summary>
    Drained,

    /// <summary>The database refused what a bucket had, and the bucket stood apart.</summary>
    BucketStoodApart,

    /// <summary>A session read on without a bucket that stood apart, and the bucket takes part again.</summary>
    BucketTookPartAgain,

    /// <summary>A bucket stopped after it had stored what it had.</summary>
    StoppedAfterStoring,
}
