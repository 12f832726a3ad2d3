using Confluent.Kafka;
using Pulse.Actors.Broker;

namespace Pulse.Host.Dashboard;

/// <summary>Reads the newest dead letters from their topic. Many askers cost the broker one reading in two seconds.</summary>
internal sealed class DeadLetterReader(KafkaSettings settings) : IDisposable
{
    public const int Maximum = 100;

    private static readonly TimeSpan Age = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _gate = new(1);
    private DeadLetters _newest = new([], null);
    private long _readAt = long.MinValue / 2;

    /// <summary>The newest dead letters, newest first.</summary>
    public async Task<DeadLetters> NewestAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (Environment.TickCount64 - _readAt < Age.TotalMilliseconds)
                return _newest;
            _newest = await Task.Run(Read, cancellationToken);
            _readAt = Environment.TickCount64;
            return _newest;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private DeadLetters Read()
    {
        try
        {
            using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig(settings.ClientProperties())
                {
                    GroupId = settings.GroupId + "-dead-letters",
                    EnableAutoCommit = false,
                    EnablePartitionEof = true,
                    FetchWaitMaxMs = 50,
                })
                .SetLogHandler((_, _) => { })
                .SetErrorHandler((_, _) => { })
                .Build();
            return new DeadLetters(Read(consumer), null);
        }
        catch (KafkaException exception)
        {
            return new DeadLetters([], $"The topic {settings.DeadLetterTopic} can't be read: {exception.Error.Reason}.");
        }
    }

    private List<DeadLetterItem> Read(IConsumer<byte[], byte[]> consumer)
    {
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var partitions = admin.GetMetadata(settings.DeadLetterTopic, Patience).Topics
            .SelectMany(topic => topic.Partitions)
            .Select(partition => new TopicPartition(settings.DeadLetterTopic, partition.PartitionId))
            .ToList();
        var starts = new List<TopicPartitionOffset>();
        foreach (var partition in partitions)
        {
            var ends = consumer.QueryWatermarkOffsets(partition, Patience);
            if (ends.High > ends.Low)
                starts.Add(new TopicPartitionOffset(partition, Math.Max(ends.Low, ends.High - Maximum)));
        }

        var letters = new List<DeadLetterItem>();
        if (starts.Count == 0)
            return letters;
        consumer.Assign(starts);
        var deadline = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        var open = starts.Count;
        while (open > 0 && Environment.TickCount64 < deadline)
        {
            if (consumer.Consume(TimeSpan.FromMilliseconds(100)) is not { } record)
                continue;
            if (record.IsPartitionEOF)
                open--;
            else
                letters.Add(DeadLetterItem.Of(record));
        }

        return [.. letters.OrderByDescending(letter => letter.AtUtc).ThenByDescending(letter => letter.Offset).Take(Maximum)];
    }
}

/// <summary>The newest dead letters.</summary>
/// <param name="Items">Newest first.</param>
/// <param name="Problem">Why they can't be read; null when they can.</param>
internal sealed record DeadLetters(IReadOnlyList<DeadLetterItem> Items, string? Problem);
