namespace Pulse.Actors.Coordination;

/// <summary>
/// A completion arrived. Its sender commits its offset only after the <see cref="CompletionConfirmed"/> that answers
/// it, so that a crash in between delivers it again.
/// </summary>
/// <param name="Partition">The completion topic's partition.</param>
/// <param name="Offset">The record's offset in it.</param>
/// <param name="TimestampUtc">When the stream was completed, by its producer's clock, UTC.</param>
public sealed record CompletionReceived(int Partition, long Offset, DateTime TimestampUtc);
