namespace Pulse.Counting;

/// <summary>A bucket as the database has it: its counts in the result table are those below its positions.</summary>
/// <param name="Checkpoint">Names this content.</param>
/// <param name="Generation">Counts the takeovers; only pages rely on it.</param>
/// <param name="Positions">Its position in every partition, as written down.</param>
/// <param name="Balance">What became of the records below its positions.</param>
public sealed record BucketRow(CheckpointId Checkpoint, long Generation, string Positions, Balance Balance);
