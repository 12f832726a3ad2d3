namespace Pulse.Actors.Coordination;

/// <summary>The coordinator has stored this completion, now or before, and needs no further delivery of it.</summary>
/// <param name="Partition">The completion topic's partition.</param>
/// <param name="Offset">The record's offset in it.</param>
public sealed record CompletionConfirmed(int Partition, long Offset);
