namespace Pulse.Simulation.Tests.World;

/// <summary>The result tables: an upsert keeps the greater count.</summary>
internal sealed class ResultTables(KeySpace space, bool overwrites)
{
    private readonly long[] _counts = new long[space.KeyCount * WorldSettings.MostWindows];
    private readonly long[] _late = new long[space.BucketCount];

    public long Count(int key, int window) => _counts[key * WorldSettings.MostWindows + window];

    public long Late(int bucket) => _late[bucket];

    public void Upsert(int bucket, IReadOnlyList<(int Key, int Window, long Count)> rows, long late)
    {
        foreach (var (key, window, count) in rows)
        {
            ref var stored = ref _counts[key * WorldSettings.MostWindows + window];
            stored = overwrites ? count : Math.Max(stored, count);
        }

        _late[bucket] = overwrites ? late : Math.Max(_late[bucket], late);
    }
}
