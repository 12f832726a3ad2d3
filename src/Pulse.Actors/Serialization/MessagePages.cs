namespace Pulse.Actors.Serialization;

/// <summary>
/// Divides what is too much for one message between nodes into several that are each right by themselves. A page ends before the
/// item that would bring it over its limit, as it is written down; one item fits in any case.
/// </summary>
internal static class MessagePages
{
    /// <summary>
    /// The most that a message's content takes as it is written down, in bytes. Heartbeats wait behind it on the wire, and Akka drops
    /// what is over its frame of 128,000.
    /// </summary>
    public const int MaximumBytes = 64 * 1024;

    /// <summary>What a message takes beside its content: who sends it, what it is about, the streams' names.</summary>
    public const int BytesPerMessage = 2 * 1024;

    /// <summary>The most letters of a text for people.</summary>
    public const int MaximumText = 1_000;

    /// <summary>Divides items into pages, in their order; no items, no page.</summary>
    /// <param name="items">The items.</param>
    /// <param name="bytesOf">What an item takes, rather too many bytes than too few.</param>
    /// <param name="maximumBytes">The most of a page.</param>
    public static IEnumerable<List<T>> Of<T>(IEnumerable<T> items, Func<T, int> bytesOf, int maximumBytes = MaximumBytes)
    {
        var page = new List<T>();
        var bytes = 0;
        foreach (var item in items)
        {
            var more = bytesOf(item);
            if (page.Count > 0 && bytes + more > maximumBytes)
            {
                yield return page;
                (page, bytes) = ([], 0);
            }

            page.Add(item);
            bytes += more;
        }

        if (page.Count > 0)
            yield return page;
    }

    /// <summary>A text for people, cut where it is too long for a message.</summary>
    public static string Cut(string text) => text.Length <= MaximumText ? text : $"{text[..MaximumText]}…";
}
