using Pulse.Actors.Coordination;

namespace Pulse.Host;

/// <summary>How the export that ended last went, as this node heard of it; written by one, read by anyone.</summary>
internal sealed class LatestExport
{
    private ExportOutcome? _outcome;

    /// <summary>The outcome, or null before the first export that this node heard of.</summary>
    public ExportOutcome? Outcome
    {
        get => Volatile.Read(ref _outcome);
        set => Volatile.Write(ref _outcome, value);
    }
}
