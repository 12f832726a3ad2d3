using Testcontainers.Kafka;

namespace Pulse.Testing.Kafka;

/// <summary>One broker that was started for whoever asked, from a <see cref="KafkaHome"/> or else with Docker.</summary>
/// <param name="BootstrapServers">Where clients connect.</param>
/// <param name="Name">What it is, for people.</param>
/// <param name="Owner">Ends it.</param>
public sealed record KafkaServer(string BootstrapServers, string Name, IAsyncDisposable Owner) : IAsyncDisposable
{
    /// <summary>The image for machines that have Docker and no Kafka: that of <c>docker-compose.yaml</c>.</summary>
    public const string Image = "apache/kafka:4.1.1";

    /// <summary>Starts it.</summary>
    /// <exception cref="InvalidOperationException">Neither a folder nor Docker has a Kafka.</exception>
    public static async Task<KafkaServer> StartAsync()
    {
        if (KafkaHome.Find(out var missing) is not { } home)
            return await StartContainerAsync(missing);
        var cluster = await KafkaCluster.StartAsync(home);
        return new KafkaServer(cluster.BootstrapServers, cluster.Name, cluster);
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => Owner.DisposeAsync();

    private static async Task<KafkaServer> StartContainerAsync(string missing)
    {
        KafkaContainer? container = null;
        try
        {
            container = new KafkaBuilder(Image).Build();
            await container.StartAsync();
            return new KafkaServer(container.GetBootstrapAddress().Split("//")[^1].TrimEnd('/'), $"{Image}, started with Docker", container);
        }
        // Which exceptions mean that there is no Docker, no image or no network, is Docker's affair.
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            if (container is not null)
                await container.DisposeAsync();
            throw Requirement.Missing(
                $"{missing} Docker does not start one either: {failure.Message.Split('\n')[0].Trim()}");
        }
    }
}
