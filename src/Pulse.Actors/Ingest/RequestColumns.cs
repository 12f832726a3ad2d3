using System.Runtime.Serialization;
using Pulse.Actors.Buckets;
using Pulse.Counting;
using static Pulse.Actors.Ingest.Columns;

namespace Pulse.Actors.Ingest;

/// <summary><see cref="BucketRequests"/> as <c>counting.proto</c> lays them out: a column for each field.</summary>
internal static class RequestColumns
{
    public static Wire.BucketRequests Write(BucketRequests requests)
    {
        var digest = requests.Version.Value;
        var wire = new Wire.BucketRequests
        {
            Bucket = CountingMessageSerializer.ToWire(requests.Bucket),
            VersionHigh = (ulong)(digest >> 64),
            VersionLow = (ulong)digest,
            Questions = (uint)requests.Questions.Count,
            Deltas = (uint)requests.Deltas.Count,
        };
        var streams = new NameTable<string>();
        var keys = new NameTable<RollupKey>();
        foreach (var (partition, session) in requests.Questions)
            AddRow(partition, session);
        foreach (var (session, delta) in requests.Deltas)
        {
            AddRow(delta.Partition, session);
            AddBounds(wire, delta.From, delta.To);
            AddContent(wire, delta, keys);
        }

        foreach (var (partition, session, from, to) in requests.EmptyDeltas)
        {
            AddRow(partition, session);
            AddBounds(wire, from, to);
        }

        foreach (var column in (IList<long>[])[.. BalanceColumns(wire), wire.StartSkips, wire.EndSkips])
            LeaveOutZeros(column);
        wire.Streams.Add(streams.Names);
        foreach (var key in keys.Names)
            wire.Keys.Add(new Wire.RollupKey { Values = { key.Values } });
        return wire;

        void AddRow(StreamPartition partition, SessionId session)
        {
            wire.StreamIndexes.Add(streams.IndexOf(partition.Stream));
            wire.Partitions.Add(partition.Partition);
            wire.Incarnations.Add(session.Incarnation);
            wire.Attempts.Add(session.Attempt);
        }
    }

    /// <exception cref="SerializationException">The columns do not fit together.</exception>
    public static BucketRequests Read(Wire.BucketRequests wire)
    {
        var (rows, questions, deltas) = (wire.StreamIndexes.Count, (int)wire.Questions, (int)wire.Deltas);
        if (questions < 0 || deltas < 0 || (long)questions + deltas > rows)
            throw Malformed();
        Require(rows, wire.Partitions.Count, wire.Incarnations.Count, wire.Attempts.Count);
        Require(rows - questions, wire.Offsets.Count, wire.Lengths.Count, wire.StartEpochs.Count, wire.EndEpochs.Count);
        Require(deltas, wire.CountNumbers.Count, wire.GapNumbers.Count);
        foreach (var column in BalanceColumns(wire))
            Require(deltas, column.Count == 0 ? deltas : column.Count);
        foreach (var column in (IList<long>[])[wire.StartSkips, wire.EndSkips])
            Require(rows - questions, column.Count == 0 ? rows - questions : column.Count);
        Require(wire.Counts.Count, wire.KeyIndexes.Count, wire.WindowEndsUnixSeconds.Count);
        Require(wire.GapOffsets.Count, wire.GapLengths.Count);
        var version = new VersionDigest(new UInt128(wire.VersionHigh, wire.VersionLow));
        var content = new DeltaContents(wire);

        var asked = new PositionQuestion[questions];
        for (var row = 0; row < questions; row++)
            asked[row] = new PositionQuestion(Partition(row), Session(row));
        var brought = new SessionDelta[deltas];
        for (var index = 0; index < deltas; index++)
        {
            var row = questions + index;
            brought[index] = new SessionDelta(Session(row), content.Next(Partition(row), version, From(row), To(row)));
        }

        var empty = new EmptyDelta[rows - questions - deltas];
        for (var index = 0; index < empty.Length; index++)
        {
            var row = questions + deltas + index;
            empty[index] = new EmptyDelta(Partition(row), Session(row), From(row), To(row));
        }

        content.RequireEnd();
        return new BucketRequests(CountingMessageSerializer.FromWire(wire.Bucket), version, asked, brought, empty);

        StreamPartition Partition(int row) => new(At(wire.Streams, wire.StreamIndexes[row]), wire.Partitions[row]);
        SessionId Session(int row) => new(wire.Incarnations[row], wire.Attempts[row]);
        LogPosition From(int row) => new(
            wire.Offsets[row - questions], wire.StartEpochs[row - questions], AtOrZero(wire.StartSkips, row - questions));
        LogPosition To(int row) => new(
            wire.Offsets[row - questions] + wire.Lengths[row - questions],
            wire.EndEpochs[row - questions],
            AtOrZero(wire.EndSkips, row - questions));
    }

    /// <summary>The columns of a delta's balance.</summary>
    private static IList<long>[] BalanceColumns(Wire.BucketRequests wire) =>
        [wire.Counted, wire.Late, wire.Dead, wire.Filtered, wire.Consumed];

    private static void AddBounds(Wire.BucketRequests wire, LogPosition from, LogPosition to)
    {
        wire.Offsets.Add(from.Offset);
        wire.Lengths.Add(to.Offset - from.Offset);
        wire.StartEpochs.Add(from.Epoch);
        wire.EndEpochs.Add(to.Epoch);
        wire.StartSkips.Add(from.Skipped);
        wire.EndSkips.Add(to.Skipped);
    }

    private static void AddContent(Wire.BucketRequests wire, Delta delta, NameTable<RollupKey> keys)
    {
        wire.CountNumbers.Add((uint)delta.Counts.Count);
        wire.GapNumbers.Add((uint)delta.Gaps.Count);
        var (counted, late, dead, filtered, consumed) = delta.Balance;
        wire.Counted.Add(counted);
        wire.Late.Add(late);
        wire.Dead.Add(dead);
        wire.Filtered.Add(filtered);
        wire.Consumed.Add(consumed);
        foreach (var (key, window, count) in delta.Counts)
        {
            wire.KeyIndexes.Add(keys.IndexOf(key));
            wire.WindowEndsUnixSeconds.Add(window.EndUnixSeconds);
            wire.Counts.Add(count);
        }

        foreach (var gap in delta.Gaps)
        {
            wire.GapOffsets.Add(gap.From);
            wire.GapLengths.Add(gap.To - gap.From);
        }
    }
}
