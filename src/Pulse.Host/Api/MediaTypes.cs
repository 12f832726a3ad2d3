using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Pulse.Host.Api;

/// <summary>Which of the media types that there are a client wants (RFC 9110, 12.5.1).</summary>
internal static class MediaTypes
{
    public const string Json = "application/json";
    public const string Csv = "text/csv";
    public const string EventStream = "text/event-stream";

    /// <summary>
    /// Chooses one. A header that is absent, empty or says nothing that can be read asks for nothing in particular. Of several that
    /// are wanted alike it is the one that the client names first.
    /// </summary>
    /// <param name="accept">What the client says.</param>
    /// <param name="offered">What there is; the first is the usual one.</param>
    /// <returns>One of those; null where the client takes none of them.</returns>
    public static string? Choose(StringValues accept, params ReadOnlySpan<string> offered)
    {
        if (!MediaTypeHeaderValue.TryParseList(accept, out var ranges) || ranges.Count == 0)
            return offered[0];
        string? chosen = null;
        (double Quality, int Place) best = (0, 0);
        foreach (var type in offered)
        {
            if (Narrowest(ranges, type) is not { } place)
                continue;
            (double Quality, int Place) wanted = (ranges[place].Quality ?? 1, -place);
            if (wanted.Quality > 0 && wanted.CompareTo(best) > 0)
                (chosen, best) = (type, wanted);
        }

        return chosen;
    }

    // The narrowest range that holds a type speaks for it, whatever wider ones say.
    private static int? Narrowest(IList<MediaTypeHeaderValue> ranges, string type)
    {
        int? found = null;
        for (var place = 0; place < ranges.Count; place++)
        {
            if (ranges[place].MatchesMediaType(type) && (found is not { } other || Width(ranges[place]) < Width(ranges[other])))
                found = place;
        }

        return found;
    }

    private static int Width(MediaTypeHeaderValue range) => range.MatchesAllTypes ? 2 : range.MatchesAllSubTypes ? 1 : 0;
}
