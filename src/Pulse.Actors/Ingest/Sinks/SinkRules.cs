using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Ingest.Sinks;

/// <summary>What a sink judges records by: the same as counting does.</summary>
/// <param name="Catalog">The rollups that are counted.</param>
/// <param name="Rules">The rules by which they are counted.</param>
internal sealed record SinkRules(RollupCatalog Catalog, CountingRules Rules)
{
    /// <summary>A decoder for one thread.</summary>
    public EventDecoder NewDecoder() => new(Dimension.Of(Catalog.Rollups), Rules.MaximumSkew);
}
