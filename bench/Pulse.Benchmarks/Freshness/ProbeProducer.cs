using System.Diagnostics;
using System.Globalization;
using System.Text;
using Confluent.Kafka;

namespace Pulse.Benchmarks.Freshness;

/// <summary>
/// Produces events of a device and a genre that nobody else has, at known times: when somebody shows n of them, the
/// n-th has become visible.
/// </summary>
internal sealed class ProbeProducer : IDisposable
{
    public const string Value = "Probe";

    private readonly IProducer<byte[], byte[]> _producer;
    private readonly string _topic;
    private readonly List<long> _producedAt = [];

    public ProbeProducer(string broker, string topic)
    {
        _topic = topic;
        _producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = broker, LingerMs = 0, Acks = Acks.Leader })
            .SetLogHandler((_, _) => { })
            .Build();
    }

    /// <summary>How many were produced.</summary>
    public int Count
    {
        get
        {
            lock (_producedAt)
                return _producedAt.Count;
        }
    }

    /// <summary>Produces one.</summary>
    public void Produce()
    {
        var now = DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        var value = $$"""
            {"EventId":"{{Guid.NewGuid()}}","UserId":"user-0","UserName":"Probe","UserAge":30,"UserGender":"Female","UserLocation":"France","DeviceType":"{{Value}}","ContentType":"Movie","ContentID":"c","ContentName":"n","Genre":"{{Value}}","ReleaseYear":2000,"ContentLength":90,"Language":"French","MaturityRating":"PG","EventTimestamp":"{{now}}"}
            """;
        lock (_producedAt)
            _producedAt.Add(Stopwatch.GetTimestamp());
        _producer.Produce(_topic, new Message<byte[], byte[]> { Key = Encoding.UTF8.GetBytes(Guid.NewGuid().ToString()), Value = Encoding.UTF8.GetBytes(value) });
    }

    /// <summary>When the one of a number, from 1, was produced; a timestamp of <see cref="Stopwatch"/>.</summary>
    public long ProducedAt(int number)
    {
        lock (_producedAt)
            return _producedAt[number - 1];
    }

    public void Dispose() => _producer.Dispose();
}
