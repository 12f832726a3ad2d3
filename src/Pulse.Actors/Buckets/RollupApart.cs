namespace Pulse.Actors.Buckets;

/// <summary>A rollup of which the database refuses to store something, while it stores the others.</summary>
/// <param name="Rollup">Its name.</param>
/// <param name="Buckets">The buckets of this node that stand apart, by name.</param>
/// <param name="Problem">What is refused of the first of them, and what to do, in one line.</param>
public sealed record RollupApart(string Rollup, IReadOnlyList<string> Buckets, string Problem);
