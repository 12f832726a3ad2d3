namespace Pulse.Verification.Judging;

/// <summary>The windows that are judged, by their ends in Unix milliseconds.</summary>
/// <param name="From">The least end.</param>
/// <param name="Before">Above the greatest.</param>
internal readonly record struct WindowRange(long From, long Before)
{
    /// <summary>Those that were asked for.</summary>
    public static WindowRange Of(VerificationRequest request) => new(request.From ?? long.MinValue, request.Before ?? long.MaxValue);

    /// <summary>Whether it is all of them.</summary>
    public bool IsAll => From == long.MinValue && Before == long.MaxValue;

    /// <summary>Whether a window is one of them.</summary>
    public bool Contains(long windowEnd) => windowEnd >= From && windowEnd < Before;
}
