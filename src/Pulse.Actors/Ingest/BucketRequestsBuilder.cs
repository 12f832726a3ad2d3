using Pulse.Actors.Buckets;
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
    /// <summary>The most questions and empty deltas of a message; one takes less than 50 bytes.</summary>
    public const int MaximumRows = 1_000;

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
        if (!HasRoom || !Follows(question.Partition, Kind.Question))
            return false;
        _questions.Add(question);
        return true;
    }

    /// <summary>Adds a delta. What is too large alone is none.</summary>
    /// <inheritdoc cref="TryAsk" path="/returns" />
    public bool TryAdd(SessionDelta delta)
    {
        var bytes = delta.Delta.EncodedBytes;
        if ((_deltas.Count > 0 && _bytes + bytes > Delta.MaximumBytes) || !Follows(delta.Delta.Partition, Kind.Delta))
            return false;
        _bytes += bytes;
        _deltas.Add(delta);
        return true;
    }

    /// <summary>Adds an empty delta.</summary>
    /// <inheritdoc cref="TryAsk" path="/returns" />
    public bool TryAdd(EmptyDelta delta)
    {
        if (!HasRoom || !Follows(delta.Partition, Kind.EmptyDelta))
            return false;
        _emptyDeltas.Add(delta);
        return true;
    }

    /// <summary>The message.</summary>
    public BucketRequests Build() => new(bucket, version, _questions, _deltas, _emptyDeltas);

    private bool HasRoom => _questions.Count + _emptyDeltas.Count < MaximumRows;

    private bool Follows(StreamPartition partition, Kind kind)
    {
        if (_lastKinds.GetValueOrDefault(partition.Partition) > kind)
            return false;
        _lastKinds[partition.Partition] = kind;
        return true;
    }
}
