using Pulse.Counting;

namespace Pulse.Simulation.Tests.World;

/// <summary>The keys and buckets of a world, numbered: three rollups, one of them the dead letters.</summary>
internal sealed class KeySpace
{
    public const int HashedKeys = 4;
    public const int DeadLetterKeys = 2;
    public const long WindowSeconds = 300;

    /// <summary>The window of an event that is late: it is in no count.</summary>
    public const int Late = -1;

    /// <summary>As the product's own: counted by the same protocol as any rollup, in one bucket.</summary>
    public static readonly Rollup DeadLetters = new("deadLetters", ["reason"], Buckets: 1);

    private static readonly Rollup PerKey = new("perKey", ["first"]);

    private readonly List<RollupKey> _keys = [];
    private readonly List<int> _bucketOfKey = [];
    private readonly List<BucketId> _buckets = [];
    private readonly Dictionary<RollupKey, int> _numberOfKey = [];

    public KeySpace(WorldSettings settings)
    {
        PerKeyCount = settings.Keys;
        for (var key = 0; key < settings.Keys; key++)
            Add(PerKey, $"key{key}");
        var hashed = new Rollup("hashed", ["second"], settings.HashedBuckets);
        for (var key = 0; key < HashedKeys; key++)
            Add(hashed, $"hashed{key}");
        for (var key = 0; key < DeadLetterKeys; key++)
            Add(DeadLetters, $"reason{key}");
    }

    public int PerKeyCount { get; }

    public int FirstDeadLetter => PerKeyCount + HashedKeys;

    public int KeyCount => _keys.Count;

    public int BucketCount => _buckets.Count;

    public RollupKey Key(int key) => _keys[key];

    public int NumberOf(RollupKey key) => _numberOfKey[key];

    public int BucketOf(int key) => _bucketOfKey[key];

    public BucketId Bucket(int bucket) => _buckets[bucket];

    public int NumberOf(BucketId bucket) => _buckets.IndexOf(bucket);

    public static Window Window(int number) => new((number + 1) * WindowSeconds);

    public static int NumberOf(Window window) => (int)(window.EndUnixSeconds / WindowSeconds) - 1;

    private void Add(Rollup rollup, string value)
    {
        var key = new RollupKey(value);
        var bucket = BucketId.Owning(rollup, key);
        if (!_buckets.Contains(bucket))
            _buckets.Add(bucket);
        _numberOfKey.Add(key, _keys.Count);
        _keys.Add(key);
        _bucketOfKey.Add(_buckets.IndexOf(bucket));
    }
}
