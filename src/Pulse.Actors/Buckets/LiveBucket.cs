using Pulse.Counting;

namespace Pulse.Actors.Buckets;

/// <summary>The absolute count of one key in one window.</summary>
/// <param name="Key">The key.</param>
/// <param name="Count">How many events so far.</param>
public readonly record struct KeyTotal(RollupKey Key, long Count);

/// <summary>What one bucket holds of one window now.</summary>
/// <param name="Window">The window.</param>
/// <param name="Total">The sum over all keys of the bucket.</param>
/// <param name="Keys">The keys that changed, the largest ones if they are very many.</param>
public sealed record LiveWindow(Window Window, long Total, IReadOnlyList<KeyTotal> Keys);

/// <summary>The windows of a bucket that changed.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Generation">
/// That of the bucket's row. A count of a larger one is right whatever an earlier one said; of one generation, the larger count
/// is the newer one.
/// </param>
/// <param name="Windows">Its changed windows.</param>
public sealed record LiveBucket(BucketId Bucket, long Generation, IReadOnlyList<LiveWindow> Windows);
