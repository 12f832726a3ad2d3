using System.Threading.Channels;
using Akka;
using Akka.Streams.Dsl;
using Pulse.Counting;

namespace Pulse.Actors.Broker;

/// <summary>A partition that this node reads, until it is unassigned; the handle by which it is sought and given back.</summary>
public sealed class AssignedPartition
{
    private readonly Channel<PartitionNews> _news;

    internal AssignedPartition(StreamPartition partition, int capacity)
    {
        Partition = partition;
        _news = Channel.CreateBounded<PartitionNews>(new BoundedChannelOptions(capacity) { SingleReader = false, SingleWriter = true });
    }

    /// <summary>The partition.</summary>
    public StreamPartition Partition { get; }

    /// <summary>
    /// What there is to tell of the partition since it was sought; pulled, never more than a few batches ahead. Completes when
    /// the partition is unassigned or the reader stops.
    /// </summary>
    public Source<PartitionNews, NotUsed> News => ChannelSource.FromReader(_news.Reader);

    internal ChannelWriter<PartitionNews> Writer => _news.Writer;

    internal void End()
    {
        _news.Writer.TryComplete();
        while (_news.Reader.TryRead(out var news))
            (news as RecordBatch)?.Dispose();
    }
}
