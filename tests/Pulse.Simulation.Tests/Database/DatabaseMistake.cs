namespace Pulse.Simulation.Tests.Database;

/// <summary>
/// Mistakes outside of the machines: in what the statements do and where their values come from. Those of the machines are
/// in their own code.
/// </summary>
internal enum DatabaseMistake
{
    None,
    NumbersInsteadOfRandomValues,
    ValueMadeByTheClient,
    TakeoverWritesNothing,
    NoCompareAndSet,

    /// <summary>An export reads positions and tables in two snapshots.</summary>
    ExportReadsTwice,
}
