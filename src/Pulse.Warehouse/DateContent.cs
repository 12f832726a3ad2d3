namespace Pulse.Warehouse;

/// <summary>What one date of one rollup is made of.</summary>
/// <param name="Digest">
/// SHA-256 over the warehouse's identity, the table's columns, the date and every row, 64 hexadecimal digits.
/// </param>
/// <param name="Rows">The number of rows.</param>
/// <param name="ViewCount">The sum of their counts.</param>
public readonly record struct DateContent(string Digest, long Rows, long ViewCount);
