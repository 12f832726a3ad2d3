namespace Pulse.Counting;

/// <summary>
/// What the parts of a delta take at most when it is written down in columns: names once, numbers as varints. In bytes.
/// </summary>
internal static class DeltaSize
{
    /// <summary>Positions, partition, session, version and balance.</summary>
    public const int BytesPerDelta = 160;

    /// <summary>A key's own frame.</summary>
    public const int BytesPerKey = 4;

    /// <summary>Beside a value's characters: the field's tag and length.</summary>
    public const int BytesPerValue = 4;

    /// <summary>A key's number, the window's end and the count.</summary>
    public const int BytesPerCount = 24;

    /// <summary>Both offsets.</summary>
    public const int BytesPerGap = 24;
}
