using System.Threading.Channels;
using Akka;
using Akka.Streams.Dsl;
using Pulse.Counting;

namespace Pulse.Actors.Ingest;

/// <summary>A partition that this node reads, until it is unassigned; the handle by which it is sought and given back.</summary>
public sealed class AssignedPartition
{
    private readonly Channel<RecordBatch> _batches;

    internal AssignedPartition(StreamPartition partition, int capacity)
    {
        Partition = partition;
        _batches = Channel.CreateBounded<RecordBatch>(
            new BoundedChannelOptions(capacity) { SingleReader = false, SingleWriter = true });
    }

    /// <summary>The partition.</summary>
    public StreamPartition Partition { get; }

    /// <summary>
    /// The partition's records from where it was sought; pulled, never more than a few batches ahead. Completes when the
    /// partition is unassigned or the consumer stops.
    /// </summary>
    public Source<RecordBatch, NotUsed> Batches => ChannelSource.FromReader(_batches.Reader);

    internal ChannelWriter<RecordBatch> Writer => _batches.Writer;

    internal void End()
    {
        _batches.Writer.TryComplete();
        while (_batches.Reader.TryRead(out var batch))
            batch.Dispose();
    }
}
