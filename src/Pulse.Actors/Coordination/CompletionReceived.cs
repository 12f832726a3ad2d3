using Pulse.Actors.Ingest;

namespace Pulse.Actors.Coordination;

/// <summary>
/// A completion arrived. Its sender goes on only after the <see cref="CompletionConfirmed"/> that answers it, so that a crash in
/// between delivers it again.
/// </summary>
/// <param name="Completion">The completion.</param>
/// <param name="TimestampUtc">When the stream was completed, by its producer's clock, UTC.</param>
public sealed record CompletionReceived(CompletionId Completion, DateTime TimestampUtc);
