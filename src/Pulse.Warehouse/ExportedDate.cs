namespace Pulse.Warehouse;

/// <summary>What the export of a date left in the warehouse.</summary>
/// <param name="Rows">The number of rows.</param>
/// <param name="ViewCount">The sum of their counts.</param>
/// <param name="Bytes">The size of what was sent or written, in bytes; zero where nothing had changed.</param>
/// <param name="Digest">The rows' <see cref="DateContent.Digest"/>; empty where an older version exported them.</param>
/// <param name="IsUnchanged">Whether the warehouse held these rows already and nothing was loaded.</param>
/// <param name="Gaps">What the rollup's counts lack, as far as known.</param>
public readonly record struct ExportedDate(
    long Rows, long ViewCount, long Bytes, string Digest = "", bool IsUnchanged = false, KnownGaps Gaps = default);
