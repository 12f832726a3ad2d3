using CsCheck;
using Pulse.Actors.Buckets;
using Pulse.Counting;

namespace Pulse.Actors.Tests.Serialization;

/// <summary>Any messages between sessions and buckets, with numbers from all of their range.</summary>
internal static class CountingMessages
{
    private static readonly Gen<long> Offset = Gen.OneOf(Gen.Long[0, 1_000], Gen.Long[0, long.MaxValue / 2]);

    private static readonly Gen<int> Epoch = Gen.OneOf(Gen.Const(-1), Gen.Int[0, 9], Gen.Int[0, int.MaxValue]);

    private static readonly Gen<long> Skipped = Gen.Frequency((3, Gen.Const(0L)), (1, Gen.Long[1, 5]));

    private static readonly Gen<LogPosition> Position =
        Gen.Select(Offset, Epoch, Skipped, (offset, epoch, skipped) => new LogPosition(offset, epoch, skipped));

    private static readonly Gen<(LogPosition From, LogPosition To)> Span =
        Gen.Select(
            Position, Offset, Epoch, Skipped,
            (from, length, epoch, skipped) => (from, new LogPosition(from.Offset + length, epoch, skipped)));

    private static readonly Gen<StreamPartition> Partition = Gen.Select(
        Gen.OneOf(Gen.Const("cluster/topic/1"), Gen.Const("cluster/topic/2")),
        Gen.Int[0, int.MaxValue],
        (stream, number) => new StreamPartition(stream, number));

    private static readonly Gen<SessionId> Session =
        Gen.Select(Gen.Long, Gen.Int[1, int.MaxValue], (incarnation, attempt) => new SessionId(incarnation, attempt));

    private static readonly Gen<BucketId> Bucket = Gen.Select(
        Gen.OneOf(Gen.Const("viewsByDeviceGenre"), Gen.Const("deadLetters")),
        Gen.Int[0, 4095],
        (rollup, number) => new BucketId(rollup, number));

    private static readonly Gen<VersionDigest> Version =
        Gen.Select(Gen.ULong, Gen.ULong, (high, low) => new VersionDigest(new UInt128(high, low)));

    private static readonly Gen<long> Term = Gen.Frequency((3, Gen.Const(0L)), (1, Gen.Long[0, 100]), (1, Gen.Long[0, long.MaxValue]));

    private static readonly Gen<Balance> Balance = Gen.Select(
        Term, Term, Term, Term, Term,
        (counted, late, dead, filtered, consumed) => new Balance(counted, late, dead, filtered, consumed));

    private static readonly Gen<KeyCount> Count = Gen.Select(
        Gen.Select(
            Gen.OneOf(Gen.Const("Drama"), Gen.Const("Crime"), Gen.Const("日本"), Gen.Const("")),
            Gen.String[Gen.Char['a', 'z'], 0, 40],
            (one, other) => new RollupKey(one, other)),
        Gen.Long,
        Gen.Long[1, long.MaxValue],
        (key, end, count) => new KeyCount(key, new Window(end), count));

    /// <summary>What sessions say.</summary>
    public static Gen<BucketRequests> Requests { get; } =
        from bucket in Bucket
        from version in Version
        from questions in Gen.Select(Partition, Session, (partition, session) => new PositionQuestion(partition, session)).Array[0, 5]
        from deltas in Gen.Select(Session, Delta(version), (session, delta) => new SessionDelta(session, delta)).Array[0, 5]
        from empty in Gen.Select(Partition, Session, Span, (partition, session, span) =>
            new EmptyDelta(partition, session, span.From, span.To)).Array[0, 20]
        select new BucketRequests(bucket, version, questions, deltas, empty);

    /// <summary>What a bucket answers.</summary>
    public static Gen<BucketReplies> Replies { get; } =
        from bucket in Bucket
        from answers in Gen.Select(
            Partition, Session, Gen.Enum<AnswerKind>(), Span,
            (partition, session, kind, span) => new BucketAnswer(bucket, partition, session, kind, span.To, span.From)).Array[1, 20]
        select new BucketReplies(answers);

    private static Gen<Delta> Delta(VersionDigest version) =>
        from partition in Partition
        from span in Span
        from balance in Balance
        from counts in Count.Array[0, 20]
        from gaps in Gen.Select(Offset, Offset, (begin, length) => new Gap(partition, begin, begin + length)).Array[0, 2]
        select new Delta(partition, version, span.From, span.To, balance, counts, gaps);
}
