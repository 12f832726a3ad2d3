using Confluent.Kafka;
using Pulse.Actors.Broker;
using Pulse.Simulator;
using Pulse.Simulator.Broker;
using Pulse.Simulator.Generation;

namespace Pulse.Benchmarks.Subjects;

/// <summary>
/// A topic and the means to fill it with the same generated events again and again, round-robin over its partitions.
/// The broker is the given one, or an embedded one, whose partitions keep only the newest 5 MiB.
/// </summary>
internal sealed class EventFeed : IDisposable
{
    // With room for the batches' own headers.
    private const int EmbeddedBytesPerPartition = EmbeddedBroker.RetainedBytesPerPartition / 10 * 9;
    private static readonly TimeSpan ShortLinger = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    private readonly EmbeddedBroker? _embedded;
    private readonly IProducer<byte[], byte[]> _producer;
    private readonly (byte[] Key, byte[] Value)[] _events;
    private readonly TopicPartition[] _partitions;
    private readonly TitleStamp? _titles;
    private int _next;

    private EventFeed(
        string bootstrapServers,
        EmbeddedBroker? embedded,
        string topic,
        int partitions,
        (byte[], byte[])[] events,
        TitleStamp? titles,
        Truth truth,
        TimeSpan linger)
    {
        _titles = titles;
        _embedded = embedded;
        _events = events;
        BootstrapServers = bootstrapServers;
        Topic = topic;
        Truth = truth;
        _partitions = [.. Enumerable.Range(0, partitions).Select(partition => new TopicPartition(topic, partition))];
        _producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig
        {
            BootstrapServers = BootstrapServers,
            LingerMs = linger.TotalMilliseconds,
            BatchSize = 500_000,
            QueueBufferingMaxMessages = 2_000_000,
            QueueBufferingMaxKbytes = 2_000_000,
            EnableDeliveryReports = false,
        }).Build();
    }

    /// <summary>The broker.</summary>
    public string BootstrapServers { get; }

    /// <summary>The topic of events; its names of further topics begin with it.</summary>
    public string Topic { get; }

    /// <summary>The number of partitions.</summary>
    public int Partitions => _partitions.Length;

    /// <summary>The number of distinct events; one round of <see cref="Fill"/>.</summary>
    public int Count => _events.Length;

    /// <summary>The exact counts of each event once.</summary>
    public Truth Truth { get; }

    /// <summary>The mean size of an event, in bytes.</summary>
    public double MeanBytes => _events.Average(entry => entry.Value.Length);

    /// <summary>Events produced so far.</summary>
    public long Produced { get; private set; }

    /// <summary>The events' values.</summary>
    public IEnumerable<byte[]> Values => _events.Select(entry => entry.Value);

    /// <summary>Makes events and topics.</summary>
    /// <param name="broker">The broker; an embedded one lives as long as this.</param>
    /// <param name="partitions">The topic's partitions.</param>
    /// <param name="events">The events of a round; fewer where the embedded broker would not keep them.</param>
    /// <param name="titles">So many different titles, each as often as any other; 0 for those of the simulator.</param>
    /// <param name="linger">
    /// How long events may wait for others of their partition. The embedded broker answers a fetch with one batch of each
    /// partition, however small, so where readers shall catch up, batches must not be.
    /// </param>
    public static async Task<EventFeed> CreateAsync(
        BenchmarkBroker broker, int partitions, int events, int titles = 0, TimeSpan? linger = null)
    {
        var (stream, embedded) = broker.BootstrapServers is null
            ? CreateEmbedded(partitions)
            : (await broker.CreateStreamAsync(partitions), null);
        var truth = new Truth();
        var generated = Generate(events, embedded is null ? long.MaxValue : (long)EmbeddedBytesPerPartition * partitions, truth);
        var stamp = titles == 0 ? null : new TitleStamp(titles, partitions);
        if (stamp is not null)
            generated = [.. generated.Select(entry => (entry.Item1, TitleStamp.MakeRoom(entry.Item2)))];
        return new EventFeed(
            stream.BootstrapServers, embedded, stream.Topic, partitions, generated, stamp, truth, linger ?? ShortLinger);
    }

    /// <summary>Produces each event once and waits until the broker has them all.</summary>
    public void Fill()
    {
        Produce(Count);
        Flush();
    }

    /// <summary>Waits until the broker has everything produced.</summary>
    public void Flush() => _producer.Flush(Deadline);

    /// <summary>Events produced into one partition.</summary>
    public long ProducedIn(int partition) =>
        (Produced / _partitions.Length) + (partition < Produced % _partitions.Length ? 1 : 0);

    /// <summary>Produces the next events without waiting for the broker.</summary>
    public void Produce(int count)
    {
        for (var index = 0; index < count; index++)
        {
            var (key, value) = _events[_next];
            _titles?.Stamp(value, Produced);
            _producer.Produce(_partitions[Produced % _partitions.Length], new Message<byte[], byte[]> { Key = key, Value = value });
            Produced++;
            _next = (_next + 1) % _events.Length;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _producer.Dispose();
        _embedded?.Dispose();
    }

    private static (KafkaSettings Stream, EmbeddedBroker Broker) CreateEmbedded(int partitions)
    {
        var embedded = EmbeddedBroker.Start();
        var topic = $"benchmark-{Guid.NewGuid():N}";
        embedded.CreateTopic(topic, partitions);
        foreach (var name in (string[])[$"{topic}-completion", $"{topic}-dlq"])
            embedded.CreateTopic(name, 1);
        return (new KafkaSettings(embedded.BootstrapServers) { Topic = topic }, embedded);
    }

    private static (byte[], byte[])[] Generate(int events, long maximumBytes, Truth truth)
    {
        var generator = new EventGenerator(new SimulatorOptions { Rate = 0 }, new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
        var generated = new List<(byte[], byte[])>(events);
        for (long bytes = 0; generated.Count < events; )
        {
            generator.Next();
            bytes += generator.Key.Length + generator.Value.Length + 12;
            if (bytes > maximumBytes)
                break;
            generated.Add((generator.Key, generator.Value.ToArray()));
            truth.Add(generator.Current);
        }

        return [.. generated];
    }
}
