using Pulse.Actors.Buckets;
using Pulse.Actors.Serialization;
using Pulse.Counting;

namespace Pulse.Actors.Ingest;

/// <summary>
/// Gathers what sessions say to one bucket, as long as it fits into one message and a bucket that takes it would hear every
/// session in order: it takes questions first, then deltas, then empty deltas.
/// </summary>
/// <param name="bucket">The bucket.</param>
/// <param name="version">The version that the sessions count by.</param>
internal sealed class BucketRequestsBuilder(BucketId bucket, VersionDigest version)
{
    /// <summary>What a question or an empty delta takes at most as it is written down.</summary>
    internal const int BytesPerRow = 72;

    private readonly List<PositionQuestion> _questions = [];
    private readonly List<SessionDelta> _deltas = [];
    private readonly List<EmptyDelta> _emptyDeltas = [];
    private readonly Dictionary<int, Kind> _lastKinds = [];
    private int _bytes;

    private enum Kind
    {
        Question,
        Delta,
        EmptyDelta,
    }

    /// <summary>Adds a question.</summary>
    /// <returns>False where the message must go without it.</returns>
    public bool TryAsk(PositionQuestion question)
    {
        if (!Takes(question.Partition, Kind.Question, BytesPerRow))
            return false;
        _questions.Add(question);
        return true;
    }

    /// <summary>Adds a delta.</summary>
    /// <inheritdoc cref="TryAsk" path="/returns" />
    public bool TryAdd(SessionDelta delta)
    {
        if (!Takes(delta.Delta.Partition, Kind.Delta, delta.Delta.EncodedBytes))
            return false;
        _deltas.Add(delta);
        return true;
    }

    /// <summary>Adds an empty delta.</summary>
    /// <inheritdoc cref="TryAsk" path="/returns" />
    public bool TryAdd(EmptyDelta delta)
    {
        if (!Takes(delta.Partition, Kind.EmptyDelta, BytesPerRow))
            return false;
        _emptyDeltas.Add(delta);
        return true;
    }

    /// <summary>The message.</summary>
    public BucketRequests Build() => new(bucket, version, _questions, _deltas, _emptyDeltas);

    // One request fits in any case: a delta alone is not larger than it may be.
    private bool Takes(StreamPartition partition, Kind kind, int bytes)
    {
        var isFull = _bytes > 0 && _bytes + bytes > MessagePages.MaximumBytes;
        if (isFull || _lastKinds.GetValueOrDefault(partition.Partition) > kind)
            return false;
        _lastKinds[partition.Partition] = kind;
        _bytes += bytes;
        return true;
    }
}
