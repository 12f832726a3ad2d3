namespace Pulse.Counting;

/// <summary>Why a session has ended.</summary>
public enum SessionEnd
{
    /// <summary>It was to drain, and all buckets stand at its position, but for those that stand apart.</summary>
    Drained,

    /// <summary>It was to drain and can't, since a bucket lacks what it read before: whoever reads next goes on from there.</summary>
    Abandoned,

    /// <summary>The log was cut: what some bucket holds is no longer in it, or other records are.</summary>
    LogCut,

    /// <summary>The partition can't be read now: access is refused, or the broker does not know it.</summary>
    Refused,

    /// <summary>The buckets belong to another declaration of the rollup.</summary>
    OtherVersion,

    /// <summary>The topic was made again: this stream has no more records.</summary>
    OldStream,
}
