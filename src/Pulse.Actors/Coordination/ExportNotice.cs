using Pulse.Actors.Ingest;
using Pulse.Warehouse;

namespace Pulse.Actors.Coordination;

/// <summary>
/// What the coordinator tells about its work: on its own node's event stream, and to every node on the
/// distributed publish-subscribe topic <see cref="Coordinator.ExportsTopic"/>.
/// </summary>
/// <param name="Completion">The completion that it is about.</param>
public abstract record ExportNotice(CompletionId Completion);

/// <summary>The coordinator begins to work on a completion, or takes it up again.</summary>
/// <param name="Completion">The completion.</param>
/// <param name="TimestampUtc">When the stream was completed, by its producer's clock, UTC.</param>
/// <param name="Resumed">Whether the work had begun before, in a coordinator that is no more.</param>
public sealed record ExportStarted(CompletionId Completion, DateTime TimestampUtc, bool Resumed)
    : ExportNotice(Completion);

/// <summary>How far the work on a completion has come.</summary>
/// <param name="Completion">The completion.</param>
/// <param name="Phase">What is being done.</param>
/// <param name="EventsToDrain">How many events are not known to be stored.</param>
/// <param name="DatesExported">How many dates are in the warehouse.</param>
/// <param name="DatesPlanned">How many will be; zero until that is known.</param>
public sealed record ExportProgress(
    CompletionId Completion, ExportPhase Phase, long EventsToDrain, int DatesExported, int DatesPlanned)
    : ExportNotice(Completion);

/// <summary>How far one date of the work on a completion has come.</summary>
/// <param name="Completion">The completion.</param>
/// <param name="Date">The date.</param>
/// <param name="Status">Where it stands.</param>
public sealed record DateProgress(CompletionId Completion, RollupDate Date, DateStatus Status)
    : ExportNotice(Completion);

/// <summary>Everything is in the warehouse.</summary>
/// <param name="Outcome">What was exported and how long it took.</param>
public sealed record ExportFinished(ExportOutcome Outcome) : ExportNotice(Outcome.Completion);

/// <summary>The export was given up; counting goes on, and the next completion exports everything anew.</summary>
/// <param name="Outcome">Why, and what was exported nevertheless.</param>
public sealed record ExportFailed(ExportOutcome Outcome) : ExportNotice(Outcome.Completion);
