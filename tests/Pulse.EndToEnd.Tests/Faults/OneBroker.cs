using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests.Faults;

/// <summary>
/// One broker behind a relay, for all faults that it survives, and the two nodes that those faults share which leave their topic
/// whole. Started when they are first asked for.
/// </summary>
public sealed class OneBroker(PostgresFixture postgres) : IAsyncLifetime
{
    private const int Partitions = 4;
    private KafkaCluster? _kafka;
    private NodePair? _pair;
    private TimeSpan _delay;

    /// <summary>The broker; known once a pair was asked for.</summary>
    internal KafkaBroker Broker => _kafka!.Brokers[0];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>The nodes that all faults share which leave their topic whole.</summary>
    internal async Task<NodePair> PairAsync() => _pair ??= await StartPairAsync(Partitions);

    /// <summary>Two nodes more, with a topic of their own; the caller's to dispose.</summary>
    internal async Task<NodePair> StartPairAsync(int partitions = Partitions, params (string Name, string Value)[] settings)
    {
        // The cleaner looks for work four times a second, not four times a minute.
        _kafka ??= await KafkaFixture.StartClusterAsync(behindRelays: true, settings: "log.cleaner.backoff.ms=250");
        _kafka.Brokers[0].Relay!.Delay = _delay;
        return await NodePair.StartAsync(
            await TestStream.CreateAsync(_kafka, partitions, settings), await postgres.CreateDatabaseAsync());
    }

    /// <summary>Ends the nodes that all faults share, so that the next fault does not suffer from one that failed.</summary>
    internal async Task ForgetPairAsync()
    {
        if (_pair is not null)
            await _pair.DisposeAsync();
        _pair = null;
    }

    /// <summary>How far away the broker is, each way.</summary>
    internal void Delay(TimeSpan delay)
    {
        _delay = delay;
        if (_kafka is not null)
            Broker.Relay!.Delay = delay;
    }

    /// <summary>Starts the broker that was killed.</summary>
    internal Task StartBrokerAsync() => _kafka!.StartAsync(Broker);

    public async ValueTask DisposeAsync()
    {
        await ForgetPairAsync();
        if (_kafka is not null)
            await _kafka.DisposeAsync();
    }
}
