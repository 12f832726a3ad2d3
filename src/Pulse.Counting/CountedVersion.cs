namespace Pulse.Counting;

/// <summary>A version of a rollup, as far as counting needs to know it.</summary>
/// <param name="Rollup">The name under which its buckets go.</param>
/// <param name="Digest">Names its declaration.</param>
/// <param name="Buckets">Over how many buckets its keys are hashed; at least one.</param>
public sealed record CountedVersion(string Rollup, VersionDigest Digest, int Buckets)
{
    /// <summary>One of its buckets, by number.</summary>
    public BucketId Bucket(int number) => new(Rollup, number);

    /// <summary>
    /// The number of the bucket that counts every record of a partition as consumed, and books those that this version
    /// does not count.
    /// </summary>
    public int HomeOf(int partition) => partition % Buckets;
}
