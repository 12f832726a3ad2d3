using System.Collections.Immutable;
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
    /// <param name="partitions">Their numbers.</param>
    /// <param name="isRestored">Whether an operator says that cuts that were found before are undone: then the log that is there now decides alone.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="ConfigurationException">There is no such partition.</exception>
    /// <exception cref="IngestException">The brokers do not answer, or do not know.</exception>
    /// <exception cref="StorageException">Storage can't be read.</exception>
    public async Task<IReadOnlyList<PartitionCuts>> FindAsync(IEnumerable<int> partitions, bool isRestored, CancellationToken stop)
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
            var number = new StreamPartition(topic.Stream, partition);
            var before = await storage.FoundCuts.ReadAsync(number, stop);
            var differs = await DiffersAsync();
            if (isRestored && differs.Count > 0)
                throw new ConfigurationException(
                    $"The log of {CutNotice.Name(number)} was not restored: buckets stand at offsets that it does not have. Nothing was changed. Restore it, or "
                    + "leave --restored out.");
            found.Add(CutsOf(number, stored, differs, isRestored && before is not null ? before with { Buckets = [] } : before));

            async Task<IReadOnlyDictionary<LogPosition, LogDivergence>> DiffersAsync()
            {
                try
                {
                    return await cuts.AskAsync(partition, span, stored.Select(bucket => bucket.Position), stop);
                }
                catch (IngestException unknown) when (unknown.IsUnknowable && !isRestored && before?.From is not null)
                {
                    // Nodes that looked before it had grown so far have kept the place.
                    return ImmutableDictionary<LogPosition, LogDivergence>.Empty;
                }
            }
        }

        return found;
    }

    // Of what the log says now and what was found before, the earlier place: a log that has grown again says nothing any more. Of the same
    // place, the log knows more: the epoch below it, and whether that epoch was given once.
    private static PartitionCuts CutsOf(
        StreamPartition partition,
        IReadOnlyList<BucketPosition> stored,
        IReadOnlyDictionary<LogPosition, LogDivergence> differs,
        FoundCut? before)
    {
        var cuts = new List<BucketCut>();
        var isCertain = differs.Values.All(cut => cut.IsCertain);
        foreach (var bucket in stored)
        {
            var now = differs.TryGetValue(bucket.Position, out var divergence) ? divergence.At : (LogPosition?)null;
            if (before?.Holds(bucket) != true)
            {
                if (now is { } place)
                    cuts.Add(new BucketCut(bucket, place));
                continue;
            }

            var kept = before.From ?? now ?? throw new IngestException(
                $"The log of {CutNotice.Name(partition)} was found cut, and has grown again before anybody said from which offset on it is another one. "
                + "'pulse rebuild' of all rollups is the way on.");
            var at = now?.Offset <= kept.Offset ? now.Value : kept;
            isCertain &= at == now;
            cuts.Add(new BucketCut(bucket, at));
        }

        return new PartitionCuts(partition, stored, cuts, isCertain, IsKept: before is not null);
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
