using Pulse.Actors.Ingest;
using System.Collections.Immutable;
using Pulse.Warehouse;

namespace Pulse.Actors.Coordination;

/// <summary>How far the work for one completion has come. Immutable.</summary>
/// <param name="Accepted">The completion and the ends it waits for.</param>
/// <param name="IsDrained">Whether every event below those ends was seen to be stored.</param>
/// <param name="Planned">The dates to export, each once; null until they are known.</param>
/// <param name="Exported">Those of the planned dates that are in the warehouse.</param>
public sealed record ExportRound(
    CompletionAccepted Accepted,
    bool IsDrained,
    ImmutableArray<RollupDate>? Planned,
    ImmutableDictionary<RollupDate, ExportedDate> Exported)
{
    /// <summary>A round of which nothing has been done.</summary>
    public ExportRound(CompletionAccepted accepted)
        : this(accepted, false, null, ImmutableDictionary<RollupDate, ExportedDate>.Empty)
    {
    }

    /// <summary>The completion.</summary>
    public CompletionId Completion => Accepted.Completion;

    /// <summary>What has to be done next; never <see cref="ExportPhase.Idle"/>.</summary>
    public ExportPhase Phase => this switch
    {
        { IsDrained: false } => ExportPhase.Draining,
        { Planned: null } => ExportPhase.Planning,
        { Planned: { } planned } when Exported.Count < planned.Length => ExportPhase.Exporting,
        _ => ExportPhase.Finishing,
    };

    /// <summary>The planned dates that are not in the warehouse yet, in the order of the plan.</summary>
    public IEnumerable<RollupDate> Remaining =>
        Planned is { } planned ? planned.Where(date => !Exported.ContainsKey(date)) : [];

    /// <summary>What is in the warehouse of it, by rollup name.</summary>
    public ImmutableArray<RollupExport> ByRollup() =>
    [
        .. Exported
            .GroupBy(exported => exported.Key.Rollup, exported => exported.Value, StringComparer.Ordinal)
            .OrderBy(rollup => rollup.Key, StringComparer.Ordinal)
            .Select(rollup => new RollupExport(
                rollup.Key,
                rollup.Count(),
                rollup.Sum(date => date.Rows),
                rollup.Sum(date => date.ViewCount),
                rollup.Sum(date => date.Bytes),
                rollup.Count(date => date.IsUnchanged),
                rollup.Max(date => date.Gaps.Lost),
                rollup.Max(date => date.Gaps.Cut))),
    ];
}
