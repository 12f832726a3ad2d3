namespace Pulse.Actors.Broker;

/// <summary>
/// The log does not hold the position to read from: it is gone below, or the log ends before. Which of them, the log's span
/// says.
/// </summary>
/// <param name="reading">See <see cref="PartitionNews.Reading"/>.</param>
public sealed class PositionNotFound(int reading) : PartitionNews(reading);
