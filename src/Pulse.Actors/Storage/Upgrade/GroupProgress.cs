using System.Collections.Immutable;

namespace Pulse.Actors.Storage.Upgrade;

/// <summary>How far the group of an earlier version has come in the topic, as Kafka says: asked for once, for the upgrade.</summary>
/// <param name="Group">The group's name.</param>
/// <param name="Stream">The identity of the topic as it is now.</param>
/// <param name="Offsets">By partition, what the group has committed; absent where it has committed nothing.</param>
public sealed record GroupProgress(string Group, string Stream, ImmutableDictionary<int, long> Offsets);
