namespace Pulse.Counting;

/// <summary>How much a session may have under way: counted, but not known to have reached its bucket.</summary>
/// <param name="DeltaBytes">A delta ends before the record that would make it larger than this, as it is written down.</param>
/// <param name="BytesUnderWay">With so many bytes of deltas under way, it asks for no more records.</param>
/// <param name="DeltasPerBucketUnderWay">With so many deltas under way for each bucket on average, likewise.</param>
public sealed record SessionLimits(int DeltaBytes, int BytesUnderWay, int DeltasPerBucketUnderWay)
{
    /// <summary>The limits of every session outside of tests.</summary>
    public static SessionLimits Default { get; } = new(Delta.MaximumBytes, 1024 * 1024, 16);
}
