using System.Threading.Channels;
using Akka;
using Akka.Streams.Dsl;
using Pulse.Actors.Counting;

namespace Pulse.Actors.Ingest;

/// <summary>
/// A partition that the group has given to this node, until it takes it back. Whoever handles it must call
/// <see cref="Release"/> once everything that can be committed is committed, or at once if the partition was lost.
/// </summary>
public sealed class AssignedPartition
{
    private readonly TaskCompletionSource<RevocationKind> _revoked =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<RecordBatch> _batches;

    internal AssignedPartition(StreamPartition partition, long committed, int capacity)
    {
        Partition = partition;
        Committed = committed;
        _batches = Channel.CreateBounded<RecordBatch>(
            new BoundedChannelOptions(capacity) { SingleReader = true, SingleWriter = true });
    }

    /// <summary>The partition.</summary>
    public StreamPartition Partition { get; }

    /// <summary>The committed offset, at which reading starts.</summary>
    public long Committed { get; }

    /// <summary>The partition's records; pulled, never more than a few batches ahead.</summary>
    public Source<RecordBatch, NotUsed> Batches => ChannelSource.FromReader(_batches.Reader);

    /// <summary>Completes when the group takes the partition back.</summary>
    public Task<RevocationKind> Revoked => _revoked.Task;

    internal Task Released => _released.Task;

    internal ChannelWriter<RecordBatch> Writer => _batches.Writer;

    /// <summary>Says that nothing more will be committed for this assignment.</summary>
    public void Release() => _released.TrySetResult();

    internal void Revoke(RevocationKind kind)
    {
        _revoked.TrySetResult(kind);
        _batches.Writer.TryComplete();
        while (_batches.Reader.TryRead(out var batch))
            batch.Dispose();
    }
}

/// <summary>Why a partition is taken back.</summary>
public enum RevocationKind
{
    /// <summary>In good order: there is time to commit.</summary>
    Revoked,

    /// <summary>The group has given it to another member already: nothing may be committed any more.</summary>
    Lost,
}
