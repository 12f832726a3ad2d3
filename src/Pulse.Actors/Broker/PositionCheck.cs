using System.Globalization;
using Confluent.Kafka;
using Pulse.Counting;

namespace Pulse.Actors.Broker;

/// <summary>
/// Looks whether positions are places in the logs that are there now: each within its log, and the record below it of the epoch that
/// the position has. Reads one record for each.
/// </summary>
/// <param name="settings">How to reach the brokers.</param>
/// <param name="questions">Asks what the logs hold.</param>
internal sealed class PositionCheck(KafkaSettings settings, TopicQuestions questions)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    /// <summary>Looks at all of them.</summary>
    /// <param name="positions">By partition; one may have several.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>What is wrong with the first that is none, as the end of a sentence; null where all are.</returns>
    /// <exception cref="IngestException">The brokers do not say what the logs hold, or do not send the records in time.</exception>
    public async Task<string?> FindMistakeAsync(ILookup<int, LogPosition> positions, CancellationToken cancellationToken)
    {
        var partitions = positions.Select(partition => partition.Key).ToList();
        var spans = await questions.SpansAsync(settings.Topic, partitions, cancellationToken).ConfigureAwait(false);
        if (partitions.Find(partition => !spans.ContainsKey(partition)) is var absent && partitions.Count > spans.Count)
            throw new IngestException(string.Create(
                CultureInfo.InvariantCulture,
                $"Kafka at {settings.BootstrapServers} does not say what partition {absent} of '{settings.Topic}' holds."));
        foreach (var partition in positions)
        {
            var (begin, end) = spans[partition.Key];
            foreach (var position in partition.Where(position => position.Offset < begin || position.Offset > end))
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"partition {partition.Key} holds offsets {begin} to {end}, and a position in it is {position}");
        }

        var unsure = positions.ToDictionary(
            partition => partition.Key,
            partition => new Queue<LogPosition>(partition
                .Where(position => position.Epoch != LogPosition.UnknownEpoch).Select(position => position.BehindRecord)
                .Where(position => position.Offset > spans[partition.Key].Begin).Distinct()));
        return await OwnThread.RunAsync(() => Read(unsure, cancellationToken)).ConfigureAwait(false);
    }

    private string? Read(Dictionary<int, Queue<LogPosition>> positions, CancellationToken cancellationToken)
    {
        using var consumer = new ConsumerBuilder<Ignore, Ignore>(settings.SideConsumerConfig())
            .SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        var next = new Dictionary<int, LogPosition>();
        foreach (var partition in positions.Keys)
            Advance(consumer, partition, positions[partition], next);

        var deadline = Environment.TickCount64 + (long)Limit.TotalMilliseconds;
        while (next.Count > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Environment.TickCount64 > deadline)
                throw new IngestException(
                    $"Kafka at {settings.BootstrapServers} did not send the records below the stored positions of '{settings.Topic}' within "
                    + $"{Limit.TotalSeconds:0} s.");
            if (Consume(consumer) is not { } record || !next.TryGetValue(record.Partition.Value, out var position))
                continue;
            if (Mistake(record, position) is { } mistake)
                return mistake;
            Advance(consumer, record.Partition.Value, positions[record.Partition.Value], next);
        }

        return null;
    }

    private ConsumeResult<Ignore, Ignore>? Consume(IConsumer<Ignore, Ignore> consumer)
    {
        try
        {
            return consumer.Consume(Poll);
        }
        catch (ConsumeException exception)
        {
            throw new IngestException(
                $"Kafka at {settings.BootstrapServers} did not send the record below a stored position of '{settings.Topic}' "
                + $"({exception.Error.Reason}).", exception);
        }
    }

    // Each question begins with a fresh assignment, so that no record of the one before is taken for its answer.
    private void Advance(
        IConsumer<Ignore, Ignore> consumer, int partition, Queue<LogPosition> positions, Dictionary<int, LogPosition> next)
    {
        var place = new TopicPartition(settings.Topic, partition);
        if (next.Remove(partition))
            consumer.IncrementalUnassign([place]);
        if (!positions.TryDequeue(out var position))
            return;
        next[partition] = position;
        consumer.IncrementalAssign([new TopicPartitionOffset(place, position.Offset - 1)]);
    }

    // The offset just below may hold no record: of those around it, the next one's epoch is then a bound.
    private static string? Mistake(ConsumeResult<Ignore, Ignore> record, LogPosition position)
    {
        if (record.IsPartitionEOF || record.LeaderEpoch is not { } epoch)
            return null;
        var fits = record.Offset.Value < position.Offset ? epoch == position.Epoch : epoch >= position.Epoch;
        return fits
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"a position in partition {record.Partition.Value} is {position}, and the record at offset {record.Offset.Value} has epoch {epoch}");
    }
}
