using Pulse.Actors.Broker;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Cuts;
using Pulse.Counting;
using Pulse.Host.Configuration;

namespace Pulse.Host.Cli;

/// <summary>Finds how far what buckets have stored is in doubt: compares their positions with the log that is there now.</summary>
/// <param name="kafka">Where the log is.</param>
/// <param name="storage">Where the buckets are.</param>
internal sealed class CutSearch(KafkaSettings kafka, NodeStorage storage)
{
    /// <summary>Compares partitions.</summary>
    /// <exception cref="ConfigurationException">There is no such partition.</exception>
    /// <exception cref="IngestException">The brokers do not answer, or do not know.</exception>
    /// <exception cref="StorageException">Storage can't be read.</exception>
    public async Task<IReadOnlyList<PartitionCuts>> FindAsync(IEnumerable<int> partitions, CancellationToken stop)
    {
        using var questions = new TopicQuestions(kafka);
        var topic = await questions.DescribeAsync(stop);
        await CountedTopic.RequireAsync(storage, topic, stop);
        var wanted = partitions.Distinct().Order().ToList();
        foreach (var partition in wanted)
            Require(topic, partition);
        // Positions first: those that nodes reach meanwhile may lie beyond the end that is asked for.
        var buckets = new Dictionary<int, IReadOnlyList<BucketPosition>>();
        foreach (var partition in wanted)
            buckets.Add(partition, await storage.Cuts.ReadAsync(new StreamPartition(topic.Stream, partition), stop));
        if (topic.Configured is { } configured && buckets.Values.All(stored => stored.All(bucket => bucket.Position == LogPosition.Start)))
            throw new ConfigurationException(
                $"Pulse:Kafka:StreamIdentity is '{configured}', and {storage.Description} has counted nothing of these partitions under that "
                + "name. Correct it. Nothing was changed.");
        var spans = await questions.SpansAsync(kafka.Topic, wanted, stop);
        var cuts = new CutQuestions(kafka);
        var found = new List<PartitionCuts>();
        foreach (var (partition, stored) in buckets)
        {
            if (!spans.TryGetValue(partition, out var span))
                throw new IngestException(
                    $"Kafka at {kafka.BootstrapServers} does not say what partition {partition} of '{kafka.Topic}' holds. Try again.");
            var differs = await cuts.AskAsync(partition, span, stored.Select(bucket => bucket.Position), stop);
            found.Add(new PartitionCuts(
                new StreamPartition(topic.Stream, partition),
                [
                    .. stored.Where(bucket => differs.ContainsKey(bucket.Position))
                        .Select(bucket => new BucketCut(bucket, differs[bucket.Position].At)),
                ],
                differs.Values.All(cut => cut.IsCertain)));
        }

        return found;
    }

    private void Require(TopicDescription topic, int partition)
    {
        if (partition < 0 || partition >= topic.Partitions)
            throw new ConfigurationException(
                $"--partition is {partition}; topic '{kafka.Topic}' has the partitions 0 to {topic.Partitions - 1}.");
        if (!topic.HasLeader[partition])
            throw new IngestException(
                $"Partition {partition} of '{kafka.Topic}' has no leader, so nobody can say what its log holds. Try again when it has one.");
    }
}
