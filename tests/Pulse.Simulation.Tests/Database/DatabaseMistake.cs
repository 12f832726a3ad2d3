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

    /// <summary>A declaration is raised, and the rows keep their names.</summary>
    RaisedRowsKeepTheirNames,

    /// <summary>A takeover does not look whose declaration the row has.</summary>
    TakeoverOfAnyDeclaration,

    /// <summary>An export reads positions and tables in two snapshots.</summary>
    ExportReadsTwice,
}
