namespace Pulse.Actors.Tests.Live;

/// <summary>Generations of buckets, as storage has them.</summary>
internal static class Generations
{
    public static IReadOnlyDictionary<int, long> None { get; } = new Dictionary<int, long>();
}
