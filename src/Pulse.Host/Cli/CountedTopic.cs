using Pulse.Actors.Broker;
using Pulse.Actors.Ingest;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Streams;
using Pulse.Host.Configuration;

namespace Pulse.Host.Cli;

/// <summary>What a database counts, compared with the topic that is configured: a command that works on both must not mix two up.</summary>
internal static class CountedTopic
{
    /// <summary>Sees that the database counts the topic.</summary>
    /// <param name="storage">The database.</param>
    /// <param name="topic">What Kafka says that the topic is.</param>
    /// <param name="stop">Stops it.</param>
    /// <returns>The streams that it counts which are not what the topic is now.</returns>
    /// <exception cref="ConfigurationException">It counts other topics, or those of other clusters, and nobody has accepted this one.</exception>
    public static async Task<IReadOnlyList<CountedStream>> RequireAsync(NodeStorage storage, TopicDescription topic, CancellationToken stop)
    {
        var counted = await storage.ReadStreamsAsync(stop);
        var stream = StreamAdmission.StreamOf(topic);
        var placed = counted.Where(known => !known.IsConfigured).ToList();
        if (topic.Configured is null && placed.Count > 0 && !placed.Exists(stream.IsPlacedAs))
            throw new ConfigurationException(
                $"Topic '{stream.Topic}' of cluster '{stream.Cluster}' is not counted by {storage.Description}; "
                + $"it counts {string.Join(", ", placed.Select(known => $"'{known.Topic}' of cluster '{known.Cluster}'").Distinct())}. "
                + "Correct Pulse:Kafka:Topic or Pulse:Kafka:BootstrapServers. Nothing was changed.");
        return [.. counted.Where(known => known.Name != topic.Stream)];
    }
}
