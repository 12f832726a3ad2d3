using static Pulse.Counting.Tests.Examples;

namespace Pulse.Counting.Tests.Ingest;

/// <summary>
/// One session under test: partition 0, one version with two buckets. The first counts dramas and is the home of the
/// partition, the second counts crime.
/// </summary>
internal sealed class SessionExample
{
    public static readonly CountedVersion Version = new("viewsByDeviceGenre", new VersionDigest(7), Buckets: 2);
    public static readonly BucketId DramaBucket = Version.Bucket(0);
    public static readonly BucketId CrimeBucket = Version.Bucket(1);

    public SessionExample(SessionLimits? limits = null)
    {
        Session = new IngestSession(Zero, [Version], incarnation: 11, limits ?? SessionLimits.Default);
        Drama = Session.Key(0, 0, Examples.Drama);
        Crime = Session.Key(0, 1, Examples.Crime);
    }

    public IngestSession Session { get; }

    public KeyTally Drama { get; }

    public KeyTally Crime { get; }

    /// <summary>The number of the last seek.</summary>
    public int Reading { get; private set; }

    /// <summary>A session that reads on from where its buckets stand.</summary>
    public static SessionExample At(long drama, long crime, SessionLimits? limits = null) => At(Examples.At(drama), Examples.At(crime), limits);

    /// <inheritdoc cref="At(long, long, SessionLimits?)"/>
    public static SessionExample At(LogPosition drama, LogPosition crime, SessionLimits? limits = null)
    {
        var example = new SessionExample(limits);
        example.Session.Start();
        example.Tell(DramaBucket, drama);
        example.Tell(CrimeBucket, crime);
        example.Effects();
        return example;
    }

    public IReadOnlyList<SessionEffect> Effects()
    {
        var effects = Session.TakeEffects();
        foreach (var seek in effects.OfType<SessionEffect.Seek>())
            Reading = seek.Reading;
        return effects;
    }

    /// <summary>The only effect of the last message.</summary>
    public TEffect Single<TEffect>() => Assert.IsType<TEffect>(Assert.Single(Effects()));

    public IEnumerable<TEffect> Of<TEffect>() => Effects().OfType<TEffect>();

    /// <summary>A bucket says where it stands.</summary>
    public void Tell(BucketId bucket, LogPosition position, AnswerKind kind = AnswerKind.Position, LogPosition? stored = null) =>
        Session.Answered(new BucketAnswer(bucket, Zero, Session.Id, kind, position, stored ?? position));

    public void Tell(BucketId bucket, long position, AnswerKind kind = AnswerKind.Position) =>
        Tell(bucket, Examples.At(position), kind);

    /// <summary>Reads a batch of dramas.</summary>
    public void Read(int from, int to, int epoch = LogPosition.UnknownEpoch) =>
        Read([.. Enumerable.Range(from, to - from).Select(offset => (Drama, Early, (long)offset, epoch))]);

    /// <summary>Reads a batch.</summary>
    public void Read(params (KeyTally Key, Window Window, long Offset, int Epoch)[] records)
    {
        Assert.True(Session.Begin(Reading, Session.Position.Offset));
        foreach (var (key, window, offset, epoch) in records)
        {
            Session.Count(key, window, offset);
            Session.Handled(offset, epoch);
        }

        Session.EndBatch(Session.Position.Offset);
    }

    /// <summary>The log does not hold the position, and the broker says what it holds.</summary>
    public void IsNotFound(long begin, long end)
    {
        Session.PositionNotFound(Reading);
        Session.LogSpans(Single<SessionEffect.AskLogSpan>().Question, begin, end);
    }

    /// <summary>The deltas of a flush.</summary>
    public IReadOnlyList<SessionEffect.SendDelta> Flush()
    {
        Effects();
        Session.Flush();
        return [.. Of<SessionEffect.SendDelta>()];
    }
}
