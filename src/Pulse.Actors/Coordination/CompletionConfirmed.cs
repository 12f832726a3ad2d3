using Pulse.Actors.Ingest;

namespace Pulse.Actors.Coordination;

/// <summary>The coordinator has stored this completion, now or before, and needs no further delivery of it.</summary>
/// <param name="Completion">The completion.</param>
public sealed record CompletionConfirmed(CompletionId Completion);
