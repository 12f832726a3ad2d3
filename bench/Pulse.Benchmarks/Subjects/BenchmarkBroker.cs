using System.CommandLine;
using Confluent.Kafka.Admin;
using Pulse.Actors.Broker;
using Pulse.Testing.Kafka;

namespace Pulse.Benchmarks.Subjects;

/// <summary>The broker that a benchmark's stream is on: embedded, one that runs already, or a real one that is started for it.</summary>
internal sealed class BenchmarkBroker : IAsyncDisposable
{
    private const string Start = "start";
    private readonly KafkaServer? _started;

    private BenchmarkBroker(string? bootstrapServers, string name, KafkaServer? started = null)
    {
        BootstrapServers = bootstrapServers;
        Name = name;
        _started = started;
    }

    /// <summary><c>--kafka</c>, which every verb takes.</summary>
    public static Option<string?> Option { get; } = new("--kafka")
    {
        Description = "The stream's broker: host:port of a real one, or 'start' for a real one of its own; without it the embedded one",
        Recursive = true,
    };

    /// <summary>Where a real broker is; null for the embedded one.</summary>
    public string? BootstrapServers { get; }

    /// <summary>What it is, for people.</summary>
    public string Name { get; }

    /// <summary>Finds or starts what the option says.</summary>
    /// <exception cref="InvalidOperationException">There is no Kafka to start.</exception>
    public static async Task<BenchmarkBroker> OfAsync(ParseResult parsed)
    {
        if (parsed.GetValue(Option) is not { } kafka)
            return new BenchmarkBroker(null, "embedded");
        if (kafka != Start)
        {
            KafkaFixture.RequireAnswer(kafka, Option.Name);
            return new BenchmarkBroker(kafka, $"Kafka at {kafka}");
        }

        var server = await KafkaServer.StartAsync();
        return new BenchmarkBroker(server.BootstrapServers, $"{server.Name}, on this machine", server);
    }

    /// <summary>Creates the topics of a stream on a real broker.</summary>
    /// <param name="partitions">Partitions of the events' topic.</param>
    public async Task<KafkaSettings> CreateStreamAsync(int partitions)
    {
        var topic = $"benchmark-{Guid.NewGuid():N}";
        var settings = new KafkaSettings(BootstrapServers!)
        {
            Topic = topic,
            CompletionTopic = $"{topic}-completion",
            DeadLetterTopic = $"{topic}-dlq",
            GroupId = topic,
        };
        await KafkaFixture.CreateTopicAsync(
            settings.BootstrapServers, new TopicSpecification { Name = topic, NumPartitions = partitions });
        foreach (var small in (string[])[settings.CompletionTopic, settings.DeadLetterTopic])
            await KafkaFixture.CreateTopicAsync(settings.BootstrapServers, new TopicSpecification { Name = small, NumPartitions = 1 });
        return settings;
    }

    /// <summary>Ends the broker, if it was started for this.</summary>
    public ValueTask DisposeAsync() => _started?.DisposeAsync() ?? ValueTask.CompletedTask;
}
