namespace Pulse.Actors.Coordination;

/// <summary>What an export put into the warehouse for one rollup.</summary>
/// <param name="Rollup">The rollup's name.</param>
/// <param name="Dates">The number of UTC dates.</param>
/// <param name="Rows">The number of rows.</param>
/// <param name="ViewCount">The sum of their counts.</param>
/// <param name="Bytes">The size of what was sent or written, in bytes.</param>
/// <param name="Unchanged">How many of the dates the warehouse held already.</param>
/// <param name="Lost">Records that retention took before they were counted, of whatever date: no count holds them.</param>
/// <param name="Cut">Records that were counted from a log that was cut, of whatever date: up to so many are in the counts besides those of the log.</param>
public readonly record struct RollupExport(
    string Rollup, int Dates, long Rows, long ViewCount, long Bytes, int Unchanged = 0, long Lost = 0, long Cut = 0);
