namespace Pulse.Simulation.Tests.Mutations;

/// <summary>
/// One small mistake in the protocol each, to show that the simulation notices. They exist in the simulated shells and
/// in <see cref="LedgerDouble"/> only.
/// </summary>
internal enum Mutation
{
    None,

    /// <summary>No mistake, but the double in place of the production ledger: shows that the double is right.</summary>
    LedgerDoubleAsItShouldBe,

    // The ledger.
    DuplicatesAreApplied,
    GapsAreApplied,
    OpenWithoutMaximum,
    LateEventsAreDropped,
    ChangesClearedWhenStored,
    PositionsAreNotStored,
    LiveLateCountIsShown,
    CompleteCheckpointMerges,

    // The bucket's shell.
    StreamIdentityIsIgnored,
    PersistAnsweredBeforeStored,
    PersistAnsweredBeforePublished,
    PublishedBeforeStored,
    SupersessionIsNotChecked,
    DeletedBeforeStored,
    RecoveryDropsTheLast,
    FailedWriteIsTakenForStored,

    // Journal and tables.
    NoFence,
    UpsertOverwrites,

    // The ingestor's shell.
    CommittedBeforeDurable,
    CommittedPastWaitingEvents,
    SkippedBucketsAreNotAsked,
    RejectionIsIgnored,
    SessionsAreNotTold,
    RestartsAtItsPosition,
    UnansweredPersistCounts,
}
