using System.Collections.Immutable;
using Pulse.Actors.Ingest;

namespace Pulse.Actors.Coordination;

/// <summary>From the coordinator to its <see cref="CompletionListener"/>: begin to read.</summary>
/// <param name="Seen">
/// What was accepted last in each partition of each stream of completions. Reading goes on after it, and begins at the start of
/// every other partition.
/// </param>
public sealed record ReadCompletions(ImmutableArray<CompletionId> Seen);
