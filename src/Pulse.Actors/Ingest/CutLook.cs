using Pulse.Actors.Broker;
using Pulse.Actors.Storage;
using Pulse.Counting;

namespace Pulse.Actors.Ingest;

/// <summary>
/// Looks how far down a log that was found cut is another one, while it still shows it: a node meets the first place that differs from
/// what it read, and what other buckets counted may differ further below, or be cut once more later. Thread-safe.
/// </summary>
/// <param name="settings">How to reach the brokers.</param>
/// <param name="questions">Asks what the topic is and what its logs hold.</param>
/// <param name="storage">What buckets have stored, and where the cut is kept.</param>
internal sealed class CutLook(KafkaSettings settings, TopicQuestions questions, NodeStorage storage)
{
    // Each question takes a client of its own, and many partitions may be cut together.
    private const int MaximumLooks = 1;

    private readonly SemaphoreSlim _looks = new(MaximumLooks);
    private readonly CutQuestions _cuts = new(settings);

    /// <summary>Keeps the lowest place that a bucket's position shows, where that is below the one that is kept.</summary>
    /// <param name="partition">A partition with a kept cut.</param>
    /// <exception cref="IngestException">The brokers do not answer, or do not know.</exception>
    /// <exception cref="StorageException">The database can't do it.</exception>
    public async Task LowerAsync(StreamPartition partition)
    {
        // Its ingestor asks again soon.
        if (!await _looks.WaitAsync(TimeSpan.Zero).ConfigureAwait(false))
            return;
        try
        {
            var topic = await questions.DescribeAsync(CancellationToken.None).ConfigureAwait(false);
            if (topic.Stream != partition.Stream)
                return;
            var stored = await storage.Cuts.ReadAsync(partition, CancellationToken.None).ConfigureAwait(false);
            var spans = await questions.SpansAsync(settings.Topic, [partition.Partition], CancellationToken.None).ConfigureAwait(false);
            if (!spans.TryGetValue(partition.Partition, out var span))
                return;
            var differs = await _cuts
                .AskAsync(partition.Partition, span, stored.Select(bucket => bucket.Position), CancellationToken.None).ConfigureAwait(false);
            if (differs.Count > 0)
                await storage.FoundCuts.LowerAsync(partition, differs.Values.MinBy(cut => cut.At.Offset)!.At, CancellationToken.None)
                    .ConfigureAwait(false);
        }
        finally
        {
            _looks.Release();
        }
    }
}
