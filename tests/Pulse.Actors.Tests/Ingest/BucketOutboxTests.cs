using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Pulse.Actors.Buckets;
using Pulse.Actors.Ingest;
using Pulse.Actors.Serialization;
using Pulse.Counting;
using static Pulse.Actors.Tests.Counting.CountingExamples;

namespace Pulse.Actors.Tests.Ingest;

/// <summary>The outbox in virtual time, between ingestors and a region that are probes.</summary>
public sealed class BucketOutboxTests : TestKit
{
    private const int MaximumMessageBytes = MessagePages.MaximumBytes + MessagePages.BytesPerMessage;
    private const int ManyRows = 2_000;
    private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(50);
    private static readonly StreamPartition One = new(Zero.Stream, 1);
    private static readonly BucketId Other = new("viewsByDeviceGenre", 3);
    private static readonly VersionDigest Version = new(7);
    private static readonly SessionId ZeroSession = new(70, 1);
    private static readonly SessionId OneSession = new(80, 2);

    private readonly TestProbe _region;
    private readonly TestProbe _zero;
    private readonly TestProbe _one;
    private readonly IActorRef _outbox;

    public BucketOutboxTests()
        : base(VirtualTime.Configuration)
    {
        _region = CreateTestProbe("region");
        _zero = CreateTestProbe("zero");
        _one = CreateTestProbe("one");
        _outbox = Sys.ActorOf(Props.Create(() => new BucketOutbox(_region, FlushInterval)));
    }

    private TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    [Fact]
    public async Task Each_bucket_gets_one_message_a_flush_with_what_all_sessions_say()
    {
        Say(_zero, Zero, Ask(Mobile, ZeroSession), Ask(Other, ZeroSession), Send(Mobile, Zero, ZeroSession, 0, 5));
        Say(_one, One, Ask(Mobile, OneSession), Empty(Mobile, One, OneSession, 3, 9));
        Say(_zero, Zero, Send(Mobile, Zero, ZeroSession, 5, 8), Empty(Mobile, Zero, ZeroSession, 8, 9));
        await FlushAsync();

        var messages = await TakeAsync(2);

        var mobile = Assert.Single(messages, message => message.Bucket == Mobile);
        Assert.Equal(Version, mobile.Version);
        Assert.Equal([new PositionQuestion(Zero, ZeroSession), new PositionQuestion(One, OneSession)], mobile.Questions);
        Assert.Equal(
            [(ZeroSession, At(0), At(5)), (ZeroSession, At(5), At(8))],
            mobile.Deltas.Select(sent => (sent.Session, sent.Delta.From, sent.Delta.To)));
        Assert.Equal(
            [new EmptyDelta(One, OneSession, At(3), At(9)), new EmptyDelta(Zero, ZeroSession, At(8), At(9))], mobile.EmptyDeltas);
        var other = Assert.Single(messages, message => message.Bucket == Other);
        Assert.Equal([new PositionQuestion(Zero, ZeroSession)], other.Questions);
        Assert.Empty(other.Deltas);
        Assert.False(_region.HasMessages);
    }

    [Fact]
    public async Task What_a_session_says_after_an_empty_delta_or_a_delta_is_in_a_later_message()
    {
        Say(_zero, Zero, Empty(Mobile, Zero, ZeroSession, 0, 5), Send(Mobile, Zero, ZeroSession, 5, 8));
        Say(_one, One, Send(Mobile, One, OneSession, 0, 5));
        Say(_zero, Zero, Ask(Mobile, ZeroSession));
        await FlushAsync();

        var messages = await TakeAsync(3);

        Assert.Equal(
            [(0, 0, 1), (0, 2, 0), (1, 0, 0)],
            messages.Select(it => (it.Questions.Count, it.Deltas.Count, it.EmptyDeltas.Count)));
        Assert.False(_region.HasMessages);
    }

    [Fact]
    public async Task What_is_too_large_for_one_message_goes_in_several_that_each_fit_into_a_frame()
    {
        var effects = Enumerable.Range(0, 40).SelectMany(number => new SessionEffect[]
        {
            Send(Mobile, Zero, ZeroSession, number, number + 1, Counts(number)),
            Empty(Mobile, new StreamPartition(Zero.Stream, int.MaxValue - number), OneSession, long.MaxValue / 2, long.MaxValue),
        }).ToList();
        Say(_zero, Zero, [.. effects, .. Enumerable.Repeat(effects[1], ManyRows)]);
        await FlushAsync();

        var deltas = new List<Delta>();
        var empty = 0;
        while (empty < 40 + ManyRows || deltas.Count < 40)
        {
            var message = Assert.Single(await TakeAsync(1));
            Assert.InRange(SizeOf(message), 1, MaximumMessageBytes);
            deltas.AddRange(message.Deltas.Select(sent => sent.Delta));
            empty += message.EmptyDeltas.Count;
        }

        Assert.Equal(effects.OfType<SessionEffect.SendDelta>().Select(send => send.Delta), deltas);
        Assert.False(_region.HasMessages);

        static KeyCount[] Counts(int number) =>
        [
            .. Enumerable.Range(0, number % 2 == 0 ? 280 : 10).Select(key => new KeyCount(
                new RollupKey($"title {number} {key}", new string('日', 60)), new Window(long.MaxValue), long.MaxValue)),
        ];
    }

    [Fact]
    public async Task What_was_sent_is_not_sent_again()
    {
        Say(_zero, Zero, Ask(Mobile, ZeroSession));
        await FlushAsync();
        await TakeAsync(1);

        Say(_zero, Zero, Empty(Mobile, Zero, ZeroSession, 0, 5));
        await FlushAsync();

        var message = Assert.Single(await TakeAsync(1));
        Assert.Empty(message.Questions);
        Assert.Equal([new EmptyDelta(Zero, ZeroSession, At(0), At(5))], message.EmptyDeltas);
    }

    [Fact]
    public async Task Each_ingestor_gets_one_message_a_flush_with_all_answers_to_it()
    {
        Say(_zero, Zero, Ask(Mobile, ZeroSession), Ask(Other, ZeroSession));
        Say(_one, One, Ask(Mobile, OneSession));
        var first = Answer(Mobile, Zero, ZeroSession, 2);
        var second = Answer(Mobile, One, OneSession, 3);
        var third = Answer(Other, Zero, ZeroSession, 9);

        _outbox.Tell(new BucketReplies([second, first]));
        _outbox.Tell(new BucketReplies([third, Answer(Other, new StreamPartition(Zero.Stream, 5), ZeroSession, 1)]));
        await FlushAsync();

        Assert.Equal([first, third], (await _zero.ExpectMsgAsync<SessionAnswers>()).Answers);
        Assert.Equal([second], (await _one.ExpectMsgAsync<SessionAnswers>()).Answers);
        Assert.False(_zero.HasMessages);
    }

    [Fact]
    public async Task A_partition_s_new_ingestor_gets_its_answers()
    {
        Say(_zero, Zero, Ask(Mobile, ZeroSession));
        Say(_one, Zero, Ask(Mobile, OneSession));

        _outbox.Tell(new BucketReplies([Answer(Mobile, Zero, OneSession, 2)]));
        await FlushAsync();

        Assert.Equal([Answer(Mobile, Zero, OneSession, 2)], (await _one.ExpectMsgAsync<SessionAnswers>()).Answers);
        Assert.False(_zero.HasMessages);
    }

    private static int SizeOf(BucketRequests message)
    {
        using var system = ActorSystem.Create(
            "sizes", CountingMessageSerializer.Configuration.WithFallback("akka.loglevel = OFF, akka.stdout-loglevel = OFF"));
        return system.Serialization.FindSerializerFor(message).ToBinary(message).Length;
    }

    private static LogPosition At(long offset) => new(offset, 3);

    private static SessionEffect.AskPosition Ask(BucketId bucket, SessionId session) => new(bucket, Version, session);

    private static SessionEffect.SendDelta Send(
        BucketId bucket, StreamPartition partition, SessionId session, long from, long to, params KeyCount[] counts) =>
        new(bucket, session, new Delta(partition, Version, At(from), At(to), default, counts, []));

    private static SessionEffect.SendEmptyDelta Empty(
        BucketId bucket, StreamPartition partition, SessionId session, long from, long to) =>
        new(bucket, Version, new EmptyDelta(partition, session, At(from), At(to)));

    private static BucketAnswer Answer(BucketId bucket, StreamPartition partition, SessionId session, long position) =>
        new(bucket, partition, session, AnswerKind.Position, At(position), At(0));

    private void Say(TestProbe ingestor, StreamPartition partition, params SessionEffect[] effects) =>
        _outbox.Tell(new SessionRequests(partition, effects), ingestor);

    private async Task<List<BucketRequests>> TakeAsync(int count)
    {
        var taken = new List<BucketRequests>();
        while (taken.Count < count)
            taken.Add(await _region.ExpectMsgAsync<BucketRequests>());
        return taken;
    }

    // Whatever was told before has been taken in once the outbox answers, and all of it was sent when it answers again.
    private async Task FlushAsync()
    {
        await _outbox.Ask<ActorIdentity>(new Identify(null));
        Clock.Advance(FlushInterval);
        await _outbox.Ask<ActorIdentity>(new Identify(null));
    }
}
