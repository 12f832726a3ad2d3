using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;

namespace Pulse.Testing.Kafka;

/// <summary>
/// A real Kafka of a test's own, one broker or three, from a <see cref="KafkaHome"/>: on free loopback ports, in a temporary
/// directory, gone at the end, also when this process is killed.
/// </summary>
public sealed class KafkaCluster : IAsyncDisposable
{
    private const int OffsetsPartitions = 8;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);
    private readonly string _directory = Directory.CreateTempSubdirectory("pulse-kafka-").FullName;
    private readonly Process _watchdog;
    private readonly List<KafkaBroker> _brokers = [];
    private readonly KafkaHome _home;

    private KafkaCluster(KafkaHome home, int brokers, bool behindRelays, IReadOnlyList<KafkaListener> listeners)
    {
        _home = home;
        _watchdog = StartWatchdog();
        for (var number = 1; number <= brokers; number++)
        {
            var directory = Path.Combine(_directory, $"broker-{number.ToString(CultureInfo.InvariantCulture)}");
            _brokers.Add(new KafkaBroker(home, directory, number, behindRelays, listeners));
        }
    }

    /// <summary>Its brokers, by number.</summary>
    public IReadOnlyList<KafkaBroker> Brokers => _brokers;

    /// <summary>What it is, for people: the version is the brokers' own word.</summary>
    public string Name => $"Apache Kafka {_brokers[0].Version}, started from {_home.Libraries}";

    /// <summary>Where clients begin, as <c>host:port,…</c>.</summary>
    public string BootstrapServers => string.Join(',', _brokers.Select(broker => broker.Address));

    /// <summary>Starts one broker, or three with one quorum and internal topics of three replicas.</summary>
    /// <param name="home">Where Kafka is.</param>
    /// <param name="brokers">How many.</param>
    /// <param name="behindRelays">Whether clients reach each through a relay, which can be cut and slowed.</param>
    /// <param name="settings">Further settings of every broker, as lines of <c>server.properties</c>.</param>
    public static Task<KafkaCluster> StartAsync(
        KafkaHome home, int brokers = 1, bool behindRelays = false, params IReadOnlyList<string> settings) =>
        StartAsync(home, brokers, behindRelays, [], settings);

    /// <summary>The same with further listeners.</summary>
    public static async Task<KafkaCluster> StartAsync(
        KafkaHome home, int brokers, bool behindRelays, IReadOnlyList<KafkaListener> listeners, IReadOnlyList<string> settings)
    {
        var cluster = new KafkaCluster(home, brokers, behindRelays, listeners);
        try
        {
            // Sixteen bytes as Kafka spells them; with a '-' in front the tool would take it for an option.
            var id = Convert.ToBase64String(Guid.NewGuid().ToByteArray()).TrimEnd('=').Replace('+', 'p').Replace('/', '_');
            var voters = cluster._brokers.Select(broker => broker.Voter).ToList();
            await Task.WhenAll(cluster._brokers.Select(
                broker => broker.FormatAsync(id, voters, [.. Settings(brokers), .. settings])));
            await cluster.StartAsync([.. cluster._brokers]);
            await cluster.GroupsAnswerAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts brokers that don't run, and waits until they answer.</summary>
    public async Task StartAsync(params KafkaBroker[] brokers)
    {
        foreach (var broker in brokers)
            broker.Start();
        foreach (var broker in brokers)
        {
            await Eventually.HoldsAsync($"broker {broker.Number} listens", StartLimit, () => broker.IsRunning
                ? Task.FromResult(broker.IsListening)
                : throw new InvalidOperationException($"Broker {broker.Number} ended while it started:\n{broker.LogEnd()}"));
        }

        using var client = KafkaFixture.Administration(brokers[0].Address);
        await Eventually.HoldsAsync("the brokers know each other", StartLimit, () => Task.Run(() =>
        {
            try
            {
                var known = client.GetMetadata(TimeSpan.FromSeconds(5)).Brokers.Select(broker => broker.BrokerId).ToHashSet();
                return _brokers.TrueForAll(broker => !broker.IsRunning || known.Contains(broker.Number));
            }
            catch (KafkaException)
            {
                return false;
            }
        }));
    }

    /// <summary>Ends all brokers and deletes what they have stored.</summary>
    public async ValueTask DisposeAsync()
    {
        // The watchdog does the same work whether this process ends well or not.
        _watchdog.StandardInput.Close();
        await _watchdog.WaitForExitAsync();
        _watchdog.Dispose();
        _brokers.ForEach(broker => broker.Release());
    }

    /// <summary>
    /// The first question about a group has the brokers create the topic of groups' offsets, each of whose partitions then
    /// takes a moment to answer. Names that differ in their last character alone belong to partitions side by side.
    /// </summary>
    private async Task GroupsAnswerAsync()
    {
        for (var group = 0; group < OffsetsPartitions; group++)
        {
            using var consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig
            {
                BootstrapServers = BootstrapServers, GroupId = $"nobody-{group.ToString(CultureInfo.InvariantCulture)}",
            }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
            await Eventually.HoldsAsync("groups' offsets can be asked for", StartLimit, () => Task.Run(() =>
            {
                try
                {
                    return consumer.Committed([new TopicPartition("no-topic", 0)], TimeSpan.FromSeconds(5)).Count == 1;
                }
                catch (KafkaException)
                {
                    return false;
                }
            }));
        }
    }

    private static IEnumerable<string> Settings(int brokers)
    {
        var replicas = Math.Min(brokers, 3).ToString(CultureInfo.InvariantCulture);
        var minimum = brokers < 3 ? "1" : "2";
        return
        [
            "auto.create.topics.enable=false",
            $"default.replication.factor={replicas}",
            $"offsets.topic.replication.factor={replicas}",
            $"offsets.topic.num.partitions={OffsetsPartitions.ToString(CultureInfo.InvariantCulture)}",
            $"transaction.state.log.replication.factor={replicas}",
            $"transaction.state.log.min.isr={minimum}",
            "transaction.state.log.num.partitions=8",
            $"share.coordinator.state.topic.replication.factor={replicas}",
            "share.coordinator.state.topic.min.isr=1",
            "group.initial.rebalance.delay.ms=0",
            // A killed broker may come back once its former session has ended, and it asks at ever longer intervals: with the usual nine
            // seconds that takes sixteen, and half a minute on a busy machine. Clusters of several keep the usual time.
            .. brokers == 1 ? ["broker.session.timeout.ms=4000", "broker.heartbeat.interval.ms=500"] : (string[])[],
        ];
    }

    /// <summary>A shell that waits for its input to close, which the kernel does for a killed process too.</summary>
    private Process StartWatchdog()
    {
        const string Script = """
            trap '' INT TERM HUP
            cat > /dev/null
            for pid in "$1"/broker-*/pid; do
              [ -f "$pid" ] && kill -KILL "$(cat "$pid")"
            done
            for attempt in $(seq 1 50); do
              rm -rf "$1" && break
              sleep 0.1
            done
            """;
        return Process.Start(new ProcessStartInfo("sh", ["-c", Script, "sh", _directory])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
        })!;
    }
}
