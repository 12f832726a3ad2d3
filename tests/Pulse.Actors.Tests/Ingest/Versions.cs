using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Tests.Ingest;

/// <summary>The versions that a node counts by.</summary>
internal static class Versions
{
    /// <summary>Those of a catalogue's rollups in their order, and then that of dead letters.</summary>
    public static IReadOnlyList<CountedVersion> Of(RollupCatalog catalog) =>
    [
        .. catalog.Counted.Select(
            rollup => new VersionDeclaration(rollup, CountingRules.Default).Counted),
    ];
}
