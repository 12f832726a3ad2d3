namespace Pulse.Actors.Coordination;

/// <summary>What has to be done next. The numbers are stored and sent; don't change them.</summary>
public enum ExportPhase
{
    /// <summary>No completion is at work.</summary>
    Idle = 0,

    /// <summary>Wait until every event below the completion's ends is stored.</summary>
    Draining = 1,

    /// <summary>Find the dates that storage holds.</summary>
    Planning = 2,

    /// <summary>Replace the dates in the warehouse that have not been replaced yet.</summary>
    Exporting = 3,

    /// <summary>Nothing is left but to say so.</summary>
    Finishing = 4,
}
