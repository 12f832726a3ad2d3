namespace Pulse.Warehouse;

/// <summary>Where the export of one date stands. The numbers are sent; don't change them.</summary>
public enum DateStep
{
    /// <summary>Its turn has not come.</summary>
    Waiting = 0,

    /// <summary>Its rows are read from storage.</summary>
    Staging = 1,

    /// <summary>An earlier load of other rows is waited for.</summary>
    Settling = 2,

    /// <summary>The rows are on their way to the warehouse.</summary>
    Uploading = 3,

    /// <summary>The warehouse has the bytes and makes them the date's rows.</summary>
    Loading = 4,

    /// <summary>What the warehouse holds is read back and compared.</summary>
    Verifying = 5,

    /// <summary>It is in the warehouse.</summary>
    Done = 6,

    /// <summary>The warehouse held exactly these rows already.</summary>
    Unchanged = 7,

    /// <summary>It failed and is tried again after a pause.</summary>
    Paused = 8,

    /// <summary>It failed and is not tried again in this round.</summary>
    GivenUp = 9,
}
