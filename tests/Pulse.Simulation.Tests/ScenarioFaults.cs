namespace Pulse.Simulation.Tests;

/// <summary>What may go wrong in a scenario, beside delay and reordering of everything, which always happen.</summary>
[Flags]
internal enum ScenarioFaults
{
    None = 0,

    /// <summary>Messages between sessions and buckets are lost, and batches between consumers and sessions.</summary>
    LostMessages = 1 << 0,

    /// <summary>Messages between sessions and buckets come again, at once or much later.</summary>
    RepeatedMessages = 1 << 1,

    /// <summary>The database executes statements, and its answers are lost.</summary>
    LostAnswers = 1 << 2,

    /// <summary>Buckets give up waiting for a statement, which is executed later all the same.</summary>
    LateStatements = 1 << 3,

    /// <summary>Nodes die, with all of their buckets and sessions.</summary>
    NodeDeaths = 1 << 4,

    /// <summary>Nodes stand still while others take their place, and go on later.</summary>
    NodeSleeps = 1 << 5,

    /// <summary>A bucket loses its memory.</summary>
    BucketCrashes = 1 << 6,

    /// <summary>Several incarnations of a bucket live at once.</summary>
    DoubleBuckets = 1 << 7,

    /// <summary>Several sessions read a partition at once.</summary>
    DoubleSessions = 1 << 8,

    /// <summary>The database executes nothing for a while.</summary>
    StorageAway = 1 << 9,

    /// <summary>The database goes back to any earlier state, while all else lives on.</summary>
    StorageGoesBack = 1 << 10,

    /// <summary>Buckets and sessions are asked to stop.</summary>
    HandOffs = 1 << 11,

    /// <summary>The stream is declared complete in the middle of it, and exported.</summary>
    Completion = 1 << 12,

    /// <summary>Some sessions count by an older declaration.</summary>
    OldDeclarations = 1 << 13,

    /// <summary>Some offsets hold no record.</summary>
    OffsetHoles = 1 << 14,

    /// <summary>Retention removes records that nobody has read. Never with one of the two below.</summary>
    Retention = 1 << 15,

    /// <summary>The topic is deleted and made again under its name.</summary>
    TopicMadeAgain = 1 << 16,

    /// <summary>The log is cut, and other records follow.</summary>
    LogCut = 1 << 17,

    /// <summary>At a cut, a version's declaration is raised in the database; nodes learn of it when they start again.</summary>
    DeclarationRaised = 1 << 18,

    /// <summary>A partition can't be read for a moment: its session ends, and another one begins.</summary>
    ReadingRefused = 1 << 19,

    /// <summary>The database refuses what one bucket wants stored, for a while.</summary>
    StoringRefused = 1 << 20,
}
