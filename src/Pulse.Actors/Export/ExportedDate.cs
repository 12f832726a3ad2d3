namespace Pulse.Actors.Export;

/// <summary>What one replacement of a date left in the warehouse.</summary>
/// <param name="Rows">The number of rows.</param>
/// <param name="ViewCount">The sum of their counts.</param>
/// <param name="Bytes">The size of what was sent or written, in bytes.</param>
public readonly record struct ExportedDate(long Rows, long ViewCount, long Bytes);
