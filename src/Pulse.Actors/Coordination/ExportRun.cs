using Pulse.Actors.Ingest;
using Pulse.Warehouse;

namespace Pulse.Actors.Coordination;

/// <summary>
/// What the coordinator has going for its current round, in memory only: after a crash it is begun anew.
/// </summary>
internal sealed class ExportRun(CompletionId completion)
{
    internal CompletionId Completion => completion;

    internal bool IsDraining { get; set; }

    internal bool IsPlanning { get; set; }

    /// <summary>The dates being exported; null before that phase.</summary>
    internal DateAttempts? Dates { get; set; }

    internal long EventsToDrain { get; set; }

    /// <summary>Failures since something last went well, in whatever phase.</summary>
    internal int Failures { get; set; }

    /// <summary>Where every planned date stands.</summary>
    internal Dictionary<RollupDate, DateStatus> Statuses { get; } = [];

    /// <summary>What is being retried and why; null when all is well.</summary>
    internal string? Trouble { get; set; }

    /// <summary>Why the first date was given up; null while none has been.</summary>
    internal string? FirstGivenUp { get; set; }

    internal void HasRecovered()
    {
        Failures = 0;
        Trouble = null;
    }
}
