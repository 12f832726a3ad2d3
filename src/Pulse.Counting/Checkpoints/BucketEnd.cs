namespace Pulse.Counting;

/// <summary>Why an incarnation of a bucket is over.</summary>
public enum BucketEnd
{
    /// <summary>It was asked to stop and has stored what it had.</summary>
    Stopped,

    /// <summary>Its row has another content than it knows: another incarnation took over, or the database went back.</summary>
    Overtaken,
}
