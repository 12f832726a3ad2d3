namespace Pulse.Simulation.Tests.World;

/// <summary>
/// Situations that the worlds are meant to reach. They are counted, so that a simulation that stopped reaching one of
/// them does not go on passing for the wrong reason.
/// </summary>
internal enum Sighting
{
    DuplicateDelta,
    RejectedDelta,
    RejectedPersist,
    SentAgain,
    EventsSkippedAsCounted,
    DeltaWhileStoring,
    JournalWriteFailed,
    JournalAnswerLost,
    WriteOfTheDeadLanded,
    RefusedByTheFence,
    StrayInTheGap,
    Superseded,
    RecoveredAgain,
    StaleIncarnationOpenedPastEvents,
    LateEvent,
    UpsertOfTheDeadLanded,
    CommitRefused,
    CommitWentBack,
    LaggingCommitRead,
    SessionRestarted,
    ZombieCommitted,
    HandedOff,
    TopicMadeAgain,
    DeadLetter,
    Exported,
}
