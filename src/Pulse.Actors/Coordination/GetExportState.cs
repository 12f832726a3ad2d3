namespace Pulse.Actors.Coordination;

/// <summary>Asks the coordinator for an <see cref="ExportState"/>; from any node.</summary>
public sealed record GetExportState
{
    /// <summary>The one instance.</summary>
    public static GetExportState Instance { get; } = new();
}
