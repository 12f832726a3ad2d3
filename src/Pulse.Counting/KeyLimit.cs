
namespace Pulse.Counting;

/// <summary>
/// How many keys a bucket keeps apart in a window, so that a dimension of endlessly many values can't exhaust memory and
/// yet no event is lost.
/// </summary>
/// <param name="MaximumKeys">The number of keys.</param>
/// <param name="Other">
/// What is counted in place of further keys. Every bucket has its own: two that counted under one key would write one row.
/// </param>
public sealed record KeyLimit(int MaximumKeys, RollupKey Other)
{
    /// <summary>The limit of one of a rollup's buckets; its other key is <c>(other #7)</c> in every dimension.</summary>
    /// <param name="rollup">The rollup.</param>
    /// <param name="bucket">One of its buckets.</param>
    public static KeyLimit Of(Rollup rollup, BucketId bucket)
    {
        var values = new string[rollup.Dimensions.Length];
        Array.Fill(values, $"(other {bucket.Name})");
        return new KeyLimit(rollup.MaximumKeysPerBucket, new RollupKey(values));
    }
}
