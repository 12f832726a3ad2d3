using System.Runtime.Serialization;
using Pulse.Actors.Buckets;
using Pulse.Counting;
using static Pulse.Actors.Ingest.Columns;

namespace Pulse.Actors.Ingest;

/// <summary><see cref="BucketReplies"/> as <c>counting.proto</c> lays them out: a column for each field.</summary>
internal static class ReplyColumns
{
    // In the order of the wire's numbers, which begin at 1.
    private static readonly AnswerKind[] Kinds =
    [
        AnswerKind.Position, AnswerKind.Applied, AnswerKind.Held, AnswerKind.Elsewhere, AnswerKind.OtherVersion,
        AnswerKind.OldStream, AnswerKind.Apart,
    ];

    public static Wire.BucketReplies Write(BucketReplies replies)
    {
        var wire = new Wire.BucketReplies { Bucket = CountingMessageSerializer.ToWire(replies.Answers[0].Bucket) };
        var streams = new NameTable<string>();
        foreach (var (_, partition, session, kind, position, stored) in replies.Answers)
        {
            wire.Kinds.Add((Wire.ReplyKind)(Array.IndexOf(Kinds, kind) + 1));
            wire.StreamIndexes.Add(streams.IndexOf(partition.Stream));
            wire.Partitions.Add(partition.Partition);
            wire.Incarnations.Add(session.Incarnation);
            wire.Attempts.Add(session.Attempt);
            wire.Offsets.Add(position.Offset);
            wire.Epochs.Add(position.Epoch);
            wire.UnstoredLengths.Add(position.Offset - stored.Offset);
            wire.StoredEpochs.Add(stored.Epoch);
            wire.Skips.Add(position.Skipped);
            wire.StoredSkips.Add(stored.Skipped);
        }

        LeaveOutZeros(wire.Skips);
        LeaveOutZeros(wire.StoredSkips);
        wire.Streams.Add(streams.Names);
        return wire;
    }

    /// <exception cref="SerializationException">The columns do not fit together, or hold what is unknown here.</exception>
    public static BucketReplies Read(Wire.BucketReplies wire)
    {
        if (wire.Kinds.Count == 0)
            throw Malformed();
        Require(
            wire.Kinds.Count, wire.StreamIndexes.Count, wire.Partitions.Count, wire.Incarnations.Count, wire.Attempts.Count,
            wire.Offsets.Count, wire.Epochs.Count, wire.UnstoredLengths.Count, wire.StoredEpochs.Count,
            wire.Skips.Count == 0 ? wire.Kinds.Count : wire.Skips.Count,
            wire.StoredSkips.Count == 0 ? wire.Kinds.Count : wire.StoredSkips.Count);
        var bucket = CountingMessageSerializer.FromWire(wire.Bucket);
        var answers = new BucketAnswer[wire.Kinds.Count];
        for (var row = 0; row < answers.Length; row++)
        {
            answers[row] = new BucketAnswer(
                bucket,
                new StreamPartition(At(wire.Streams, wire.StreamIndexes[row]), wire.Partitions[row]),
                new SessionId(wire.Incarnations[row], wire.Attempts[row]),
                KindOf(wire.Kinds[row]),
                new LogPosition(wire.Offsets[row], wire.Epochs[row], AtOrZero(wire.Skips, row)),
                new LogPosition(
                    wire.Offsets[row] - wire.UnstoredLengths[row], wire.StoredEpochs[row], AtOrZero(wire.StoredSkips, row)));
        }

        return new BucketReplies(answers);
    }

    private static AnswerKind KindOf(Wire.ReplyKind kind) => (int)kind > 0 && (int)kind <= Kinds.Length
        ? Kinds[(int)kind - 1]
        : throw new SerializationException("A message holds an answer that is unknown here. Finish the rolling upgrade.");
}
