using System.Globalization;
using Pulse.Counting;

namespace Pulse.Benchmarks.Checkpoint;

/// <summary>How many buckets have how many changed counts.</summary>
internal sealed class CheckpointShape
{
    private readonly RollupKey[][] _keys;

    /// <param name="rollup">The rollup.</param>
    /// <param name="buckets">How many buckets.</param>
    /// <param name="rowsPerBucket">How many changed counts each of them has.</param>
    public CheckpointShape(Rollup rollup, int buckets, int rowsPerBucket)
    {
        Rollup = rollup;
        RowsPerBucket = rowsPerBucket;
        Buckets = [.. Enumerable.Range(0, buckets).Select(bucket => new BucketId(rollup.Name, bucket))];
        _keys =
        [
            .. Enumerable.Range(0, buckets).Select(bucket => Enumerable.Range(0, rowsPerBucket)
                .Select(row => new RollupKey($"Title {bucket}-{row}", "English")).ToArray()),
        ];
    }

    public Rollup Rollup { get; }

    public IReadOnlyList<BucketId> Buckets { get; }

    public int RowsPerBucket { get; }

    public int Rows => Buckets.Count * RowsPerBucket;

    /// <summary>For people: <c>64 × 1,000</c>.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"{Buckets.Count:#,0} × {RowsPerBucket:#,0}");

    /// <summary>The keys of the n-th bucket.</summary>
    public IReadOnlyList<RollupKey> Keys(int bucket) => _keys[bucket];
}
