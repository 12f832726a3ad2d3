namespace Pulse.Actors.Storage.Streams;

/// <summary>Which streams a database counts by itself, and which it has to be told to. A rule over names alone.</summary>
internal static class StreamRule
{
    /// <summary>Judges a stream that Kafka says the topic is now.</summary>
    /// <param name="counted">What the database counts, in the order in which it came.</param>
    /// <param name="stream">The stream.</param>
    /// <returns>What it is, and the one that it is compared with; null where there is none.</returns>
    public static (StreamStanding Standing, CountedStream? Before) Judge(IReadOnlyList<CountedStream> counted, CountedStream stream)
    {
        var last = counted.LastOrDefault(stream.IsPlacedAs);
        if (counted.Any(known => known.Name == stream.Name))
            return (last is null || last.Name == stream.Name ? StreamStanding.Counted : StreamStanding.Replaced, last);
        if (stream.IsConfigured || counted.All(known => known.IsConfigured))
            return (StreamStanding.First, null);
        if (last is null)
            return (StreamStanding.Foreign, counted.Last(known => !known.IsConfigured));
        if (stream.Id.Length == 0)
            return (StreamStanding.WithoutItsId, last);
        return (last.Id.Length == 0 ? StreamStanding.GivenAnId : StreamStanding.MadeAgain, last);
    }
}
