namespace Pulse.Counting;

/// <summary>Asks a bucket to make its events of a partition durable.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="UpTo">The position that its stored checkpoint must hold.</param>
public readonly record struct PersistRequest(BucketId Bucket, long UpTo);
