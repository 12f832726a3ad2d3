using Pulse.Actors.Buckets;
using Pulse.Actors.Serialization;

namespace Pulse.Actors.Live;

/// <summary>
/// Divides what changed in buckets into the messages that tell it. Every part of a bucket is right by itself: each part of a window
/// has the window's total.
/// </summary>
internal static class LivePages
{
    private const int BytesPerBucket = 80;
    private const int BytesPerWindow = 32;
    private const int BytesPerCount = 20;

    // A part of a window must fit beside its bucket's name.
    private const int BytesOfKeys = MessagePages.MaximumBytes - BytesPerBucket - BytesPerWindow;

    /// <summary>The messages' content. Buckets are asked for as they are needed.</summary>
    public static IEnumerable<IReadOnlyList<LiveBucket>> Of(IEnumerable<LiveBucket> buckets)
    {
        var parts =
            from bucket in buckets
            from window in bucket.Windows
            from keys in MessagePages.Of(window.Keys, BytesOf, BytesOfKeys)
            select (Bucket: bucket, Window: window with { Keys = keys });
        return MessagePages.Of(parts, part => BytesPerBucket + BytesPerWindow + part.Window.Keys.Sum(BytesOf))
            .Select(page => page.GroupBy(part => part.Bucket, part => part.Window, ReferenceEqualityComparer.Instance)
                .Select(windows => ((LiveBucket)windows.Key!) with { Windows = [.. windows] })
                .ToList());
    }

    private static int BytesOf(KeyTotal key) => key.Key.EncodedBytes + BytesPerCount;
}
