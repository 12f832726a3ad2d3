namespace Pulse.Actors.Broker;

/// <summary>The partition can't be read now: access is refused, or the broker does not know it.</summary>
/// <param name="reading">See <see cref="PartitionNews.Reading"/>.</param>
/// <param name="reason">The client's own words.</param>
public sealed class ReadingRefused(int reading, string reason) : PartitionNews(reading)
{
    /// <summary>The client's own words.</summary>
    public string Reason => reason;
}
