using System.Globalization;
using System.Text.RegularExpressions;
using Confluent.Kafka;
using Pulse.Counting;

namespace Pulse.Actors.Broker;

/// <summary>
/// Asks for the end of a leader epoch, which librdkafka offers as a side effect only: where a consumer seeks a position with its
/// epoch, the client compares it with the broker's end of that epoch, and says that end in the text of an error.
/// </summary>
internal static partial class EpochSeek
{
    private static readonly TimeSpan SeekLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(200);

    /// <summary>Seeks. Blocks the calling thread for the limit at most.</summary>
    /// <param name="settings">How to reach the brokers.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="end">The end of its log.</param>
    /// <param name="position">A position with an epoch.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>
    /// Null where the position is in the log. Where a record is among the offsets that it skipped, the place just below that record. Else the
    /// end of the greatest epoch in the log that is not above the position's, and that epoch; both below zero where the log has none.
    /// </returns>
    /// <exception cref="IngestException">The broker refuses, or does not answer within the limit.</exception>
    public static LogPosition? Ask(
        KafkaSettings settings, int partition, long end, LogPosition position, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var consumer = new ConsumerBuilder<Ignore, Ignore>(Configuration(settings))
            .SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        var deadline = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        try
        {
            // Assigning compares nothing: so it is a place that is there for certain, and only then the one in question.
            consumer.Assign(new TopicPartitionOffset(settings.Topic, partition, end));
            while (!NativeSeek.Seek(consumer, settings.Topic, [(partition, position.BehindRecord)], SeekLimit)[0])
            {
                if (Environment.TickCount64 > deadline)
                    throw NoAnswer(settings, partition, "the client can't seek");
                consumer.Consume(Step);
            }

            while (Environment.TickCount64 < deadline)
            {
                cancellationToken.ThrowIfCancellationRequested();
                // A record or the end of the log: the client only fetches what it has compared.
                if (consumer.Consume(Step) is { } found)
                    return found.IsPartitionEOF || found.Offset.Value >= position.Offset
                        ? null
                        : position.BehindRecord.SkipTo(found.Offset.Value);
            }

            throw NoAnswer(settings, partition, "no answer in time");
        }
        catch (ConsumeException exception) when (EndIn(exception.Error.Reason) is { } endOfEpoch)
        {
            return endOfEpoch;
        }
        catch (KafkaException exception)
        {
            throw NoAnswer(settings, partition, exception.Error.Reason, exception);
        }
    }

    /// <summary>Reads what the client says where a position is not in the log; null where it says something else.</summary>
    internal static LogPosition? EndIn(string text) => EndOfEpoch().Match(text) is { Success: true, Groups: var groups }
        ? new LogPosition(
            long.Parse(groups["end"].ValueSpan, CultureInfo.InvariantCulture), int.Parse(groups["epoch"].ValueSpan, CultureInfo.InvariantCulture))
        : null;

    private static ConsumerConfig Configuration(KafkaSettings settings) => new(settings.SideConsumerConfig())
    {
        FetchWaitMaxMs = 50,
        FetchMaxBytes = 65_536,
        MessageMaxBytes = 65_536,
        FetchQueueBackoffMs = 5,
    };

    private static IngestException NoAnswer(KafkaSettings settings, int partition, string why, Exception? cause = null) => new(
        $"Kafka at {settings.BootstrapServers} does not say whether the log of partition {partition} of '{settings.Topic}' was cut ({why}). "
        + "Nothing was changed. Try again when the partition has a leader.",
        cause);

    [GeneratedRegex(@"(?:truncation detected at|No epoch found).*broker end offset is (?<end>-?\d+) \(offset leader epoch (?<epoch>-?\d+)\)", RegexOptions.Singleline)]
    private static partial Regex EndOfEpoch();
}
