using static Pulse.Counting.Tests.Examples;

namespace Pulse.Counting.Tests.Checkpoints;

/// <summary>One bucket under test, and the few moves that bring it where a test begins.</summary>
internal sealed class BucketExample
{
    public static readonly BucketId Id = new("viewsByDeviceGenre", 3);
    public static readonly VersionDigest Digest = new(7);
    public static readonly SessionId Session = new(11, 1);
    public static readonly CheckpointId First = Named(1);

    public BucketExample(CheckpointLimits? limits = null, UnstoredMemory? memory = null) =>
        Bucket = new BucketCheckpointing(Id, Digest, limits ?? CheckpointLimits.Default, memory ?? new UnstoredMemory(long.MaxValue));

    public BucketCheckpointing Bucket { get; }

    public static CheckpointId Named(int number) => new(new Guid(number, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]));

    public static BucketRow Row(string positions = "", CheckpointId? checkpoint = null) =>
        new(checkpoint ?? First, Generation: 5, positions, default);

    /// <summary>A bucket that has taken its row over.</summary>
    public static BucketExample Open(string positions = "", CheckpointLimits? limits = null, UnstoredMemory? memory = null)
    {
        var example = new BucketExample(limits, memory);
        example.Bucket.Start();
        example.Bucket.TakenOver(1, Row(positions));
        example.Bucket.TakeEffects();
        return example;
    }

    /// <summary>A bucket whose statement was sent: two dramas up to position 10.</summary>
    public static BucketExample Storing(CheckpointLimits? limits = null)
    {
        var example = Open(limits: limits);
        example.Apply(Delta(0, 10, new KeyCount(Drama, Early, 2)));
        example.Freeze(2);
        example.Bucket.TakeEffects();
        example.Bucket.StreamIs(Named(2), Topic);
        return example;
    }

    public static Delta Delta(long from, long to, params KeyCount[] counts) => Delta(At(from), At(to), counts);

    public static Delta Delta(LogPosition from, LogPosition to, params KeyCount[] counts) =>
        new(Zero, Digest, from, to, new Balance(counts.Sum(count => count.Count), 0, 0, 0, to.Offset - from.Offset), counts, []);

    /// <summary>Applies a delta and gives the answer; null if there was none.</summary>
    public BucketAnswer? Apply(Delta delta)
    {
        Bucket.TakeEffects();
        Bucket.Apply(delta, Session);
        return AnswerIn(Bucket.TakeEffects());
    }

    public BucketAnswer? Ask(StreamPartition? partition = null)
    {
        Bucket.TakeEffects();
        Bucket.Ask(partition ?? Zero, Digest, Session);
        return AnswerIn(Bucket.TakeEffects());
    }

    public void Freeze(int next)
    {
        Bucket.MakeCheckpoint(Named(next));
        Assert.Equal(BucketPhase.Frozen, Bucket.Phase);
    }

    /// <summary>The statement that the bucket sends when the stream is confirmed.</summary>
    public CheckpointStatement Confirm(int frozen, string stream = Topic)
    {
        Bucket.TakeEffects();
        Bucket.StreamIs(Named(frozen), stream);
        return Sent();
    }

    /// <summary>The statement that is sent now.</summary>
    public CheckpointStatement Sent() => Single<BucketEffect.Store>().Statement;

    /// <summary>The number of the read that is asked for now.</summary>
    public int Look() => Single<BucketEffect.ReadCheckpoint>().Look;

    /// <summary>The only effect of the last message.</summary>
    public TEffect Single<TEffect>() => Assert.IsType<TEffect>(Assert.Single(Bucket.TakeEffects()));

    private static BucketAnswer? AnswerIn(IReadOnlyList<BucketEffect> effects) =>
        effects.OfType<BucketEffect.AnswerSession>().SingleOrDefault()?.Answer;
}
