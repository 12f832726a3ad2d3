namespace Pulse.Counting;

/// <summary>A checkpoint on its way: what is fixed from the freeze on, whatever is applied meanwhile.</summary>
/// <param name="Statement">The one statement; it is sent again as it is.</param>
/// <param name="Positions">The positions that it stores.</param>
/// <param name="Changes">What it stores.</param>
internal sealed record FrozenCheckpoint(CheckpointStatement Statement, BucketPositions Positions, UnstoredChanges Changes);
