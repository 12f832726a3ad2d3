using System.Runtime.Serialization;
using Pulse.Actors.Buckets;
using Pulse.Counting;

namespace Pulse.Actors.Ingest;

/// <summary>
/// Batches as <c>counting.proto</c> lays them out: a column for each field, names told once for all rows. A delta that
/// crosses to another node is then a few numbers, and what is read shares its names.
/// </summary>
internal static class BatchColumns
{
    public static Wire.BucketBatch Write(BucketBatch batch)
    {
        var wire = new Wire.BucketBatch { Bucket = CountingMessageSerializer.ToWire(batch.Bucket) };
        var streams = new NameTable<string>();
        var keys = new NameTable<RollupKey>();
        foreach (var request in batch.Requests)
        {
            var (kind, offset, session) = request switch
            {
                ApplyDelta m => (Wire.RequestKind.Delta, m.Delta.From, m.Session),
                OpenPartition m => (Wire.RequestKind.Open, m.Committed, m.Session),
                PersistPartition m => (Wire.RequestKind.Persist, m.UpTo, m.Session),
                _ => throw new ArgumentException($"{request.GetType()} is no request of a partition.", nameof(batch)),
            };
            wire.Kinds.Add(kind);
            wire.StreamIndexes.Add(streams.IndexOf(request.Partition.Stream));
            wire.Partitions.Add(request.Partition.Partition);
            wire.Sessions.Add(session);
            wire.Offsets.Add(offset);
            if (request is ApplyDelta { Delta: var delta })
                Write(delta, keys, wire);
        }

        wire.Streams.Add(streams.Names);
        foreach (var key in keys.Names)
            wire.Keys.Add(new Wire.RollupKey { Values = { key.Values } });
        return wire;
    }

    /// <exception cref="SerializationException">The columns do not fit together, or hold what is unknown here.</exception>
    public static BucketBatch Read(Wire.BucketBatch wire)
    {
        Require(wire.StreamIndexes.Count, wire.Partitions.Count, wire.Sessions.Count, wire.Offsets.Count, wire.Kinds.Count);
        Require(wire.CountNumbers.Count, wire.Lengths.Count, wire.LateCounts.Count);
        Require(wire.WindowEndsUnixSeconds.Count, wire.Counts.Count, wire.KeyIndexes.Count);
        var bucket = CountingMessageSerializer.FromWire(wire.Bucket);
        var keys = wire.Keys.Select(key => new RollupKey([.. key.Values])).ToArray();
        var requests = new IPartitionRequest[wire.Kinds.Count];
        var (deltas, counts) = (0, 0);
        Delta ReadDelta(StreamPartition partition, long from)
        {
            var row = (uint)deltas++;
            var (length, late) = (At(wire.Lengths, row), At(wire.LateCounts, row));
            return new Delta(partition, from, from + length, ReadCounts(At(wire.CountNumbers, row)), late);
        }

        for (var row = 0; row < requests.Length; row++)
        {
            var partition = new StreamPartition(
                At(wire.Streams, wire.StreamIndexes[row]), wire.Partitions[row]);
            var (offset, session) = (wire.Offsets[row], wire.Sessions[row]);
            requests[row] = wire.Kinds[row] switch
            {
                Wire.RequestKind.Delta => new ApplyDelta(bucket, ReadDelta(partition, offset), session),
                Wire.RequestKind.Open => new OpenPartition(bucket, partition, offset, session),
                Wire.RequestKind.Persist => new PersistPartition(bucket, partition, offset, session),
                _ => throw new SerializationException("A batch holds a request that is unknown here. Finish the rolling upgrade."),
            };
        }

        return new BucketBatch(bucket, requests);

        KeyCount[] ReadCounts(uint number)
        {
            if (number > wire.Counts.Count - counts)
                throw Malformed();
            var read = new KeyCount[number];
            for (var index = 0; index < read.Length; index++, counts++)
            {
                read[index] = new KeyCount(
                    At(keys, wire.KeyIndexes[counts]), new Window(wire.WindowEndsUnixSeconds[counts]), wire.Counts[counts]);
            }

            return read;
        }
    }

    public static Wire.BucketAnswers Write(BucketAnswers answers)
    {
        var wire = new Wire.BucketAnswers { Bucket = CountingMessageSerializer.ToWire(answers.Bucket) };
        var streams = new NameTable<string>();
        foreach (var answer in answers.Answers)
        {
            var (kind, position, session) = answer switch
            {
                DeltaAccepted m => (Wire.AnswerKind.Accepted, m.Position, m.Session),
                PartitionOpened m => (Wire.AnswerKind.Opened, m.Position, m.Session),
                PartitionRejected m => (Wire.AnswerKind.Rejected, m.Position, m.Session),
                PartitionPersisted m => (Wire.AnswerKind.Persisted, m.Position, m.Session),
                _ => throw new ArgumentException($"{answer.GetType()} is no answer to a partition.", nameof(answers)),
            };
            wire.Kinds.Add(kind);
            wire.StreamIndexes.Add(streams.IndexOf(answer.Partition.Stream));
            wire.Partitions.Add(answer.Partition.Partition);
            wire.Sessions.Add(session);
            wire.Positions.Add(position);
        }

        wire.Streams.Add(streams.Names);
        return wire;
    }

    /// <exception cref="SerializationException">The columns do not fit together, or hold what is unknown here.</exception>
    public static BucketAnswers Read(Wire.BucketAnswers wire)
    {
        Require(wire.StreamIndexes.Count, wire.Partitions.Count, wire.Sessions.Count, wire.Positions.Count, wire.Kinds.Count);
        var bucket = CountingMessageSerializer.FromWire(wire.Bucket);
        var answers = new IPartitionAnswer[wire.Kinds.Count];
        for (var row = 0; row < answers.Length; row++)
        {
            var partition = new StreamPartition(
                At(wire.Streams, wire.StreamIndexes[row]), wire.Partitions[row]);
            var (position, session) = (wire.Positions[row], wire.Sessions[row]);
            answers[row] = wire.Kinds[row] switch
            {
                Wire.AnswerKind.Accepted => new DeltaAccepted(bucket, partition, position, session),
                Wire.AnswerKind.Opened => new PartitionOpened(bucket, partition, position, session),
                Wire.AnswerKind.Rejected => new PartitionRejected(bucket, partition, position, session),
                Wire.AnswerKind.Persisted => new PartitionPersisted(bucket, partition, position, session),
                _ => throw new SerializationException("A batch holds an answer that is unknown here. Finish the rolling upgrade."),
            };
        }

        return new BucketAnswers(bucket, answers);
    }

    private static void Write(Delta delta, NameTable<RollupKey> keys, Wire.BucketBatch wire)
    {
        wire.Lengths.Add(delta.To - delta.From);
        wire.CountNumbers.Add((uint)delta.Counts.Count);
        wire.LateCounts.Add(delta.Late);
        foreach (var count in delta.Counts)
        {
            wire.KeyIndexes.Add(keys.IndexOf(count.Key));
            wire.WindowEndsUnixSeconds.Add(count.Window.EndUnixSeconds);
            wire.Counts.Add(count.Count);
        }
    }

    private static T At<T>(IList<T> column, uint row) => row < (uint)column.Count ? column[(int)row] : throw Malformed();

    private static void Require(params ReadOnlySpan<int> lengths)
    {
        foreach (var length in lengths)
        {
            if (length != lengths[0])
                throw Malformed();
        }
    }

    private static SerializationException Malformed() => new("The columns of a batch do not fit together.");

    /// <summary>Numbers names in the order in which they come up.</summary>
    private sealed class NameTable<T>
        where T : class
    {
        private Dictionary<T, uint>? _indexes;

        public List<T> Names { get; } = [];

        public uint IndexOf(T name)
        {
            // Nearly always it is the one that came last: one stream, and one key for each bucket.
            if (Names.Count > 0 && ReferenceEquals(Names[^1], name))
                return (uint)Names.Count - 1;
            _indexes ??= [];
            if (_indexes.TryGetValue(name, out var index))
                return index;
            index = (uint)Names.Count;
            _indexes.Add(name, index);
            Names.Add(name);
            return index;
        }
    }
}
