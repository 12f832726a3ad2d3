using Pulse.Counting;

namespace Pulse.Actors.Broker;

/// <summary>
/// The broker does not know the record just below the position by its leader epoch: it is gone, or another record has its
/// place.
/// </summary>
/// <param name="reading">See <see cref="PartitionNews.Reading"/>.</param>
/// <param name="detail">The client's own words.</param>
/// <param name="at">The first offset at which the broker's log differs; null where nobody says it.</param>
public sealed class LogCut(int reading, string detail, LogPosition? at) : PartitionNews(reading)
{
    /// <summary>The first offset at which the broker's log differs; null where nobody says it.</summary>
    public LogPosition? At => at;

    /// <summary>The client's own words.</summary>
    public string Detail => detail;
}
