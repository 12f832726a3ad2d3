using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Pulse.Actors.Buckets;
using Pulse.Actors.Ingest;
using Pulse.Counting;
using static Pulse.Actors.Tests.Counting.CountingExamples;

namespace Pulse.Actors.Tests.Ingest;

/// <summary>The outbox in virtual time, between ingestors and a region that are probes.</summary>
public sealed class BucketOutboxTests : TestKit
{
    private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(50);
    private static readonly StreamPartition One = new(Zero.Stream, 1);
    private static readonly BucketId Other = new("viewsByDeviceGenre", 3);

    private readonly TestProbe _region;
    private readonly TestProbe _zero;
    private readonly TestProbe _one;
    private readonly IActorRef _outbox;

    public BucketOutboxTests()
        : base("""
            akka.loglevel = OFF
            akka.test.single-expect-default = 30s
            akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
            """)
    {
        _region = CreateTestProbe("region");
        _zero = CreateTestProbe("zero");
        _one = CreateTestProbe("one");
        _outbox = Sys.ActorOf(Props.Create(() => new BucketOutbox(_region, FlushInterval)));
    }

    private TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    [Fact]
    public async Task Each_bucket_gets_one_message_a_flush_with_everything_in_the_order_it_was_said()
    {
        Say(_zero, new OpenPartition(Mobile, Zero, 0, 7), new OpenPartition(Other, Zero, 0, 7));
        Say(_one, new OpenPartition(Mobile, One, 0, 8));
        Say(_zero, new PersistPartition(Mobile, Zero, 5, 7));
        await FlushAsync();

        var batches = new[] { await NextAsync(), await NextAsync() }.ToDictionary(batch => batch.Bucket);

        Assert.Equal(
            [
                new OpenPartition(Mobile, Zero, 0, 7),
                new OpenPartition(Mobile, One, 0, 8),
                new PersistPartition(Mobile, Zero, 5, 7),
            ],
            batches[Mobile].Requests);
        Assert.Equal([new OpenPartition(Other, Zero, 0, 7)], batches[Other].Requests);
        await _region.ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [Fact]
    public async Task What_is_too_large_for_one_message_goes_in_several_that_each_fit_into_a_frame()
    {
        using var system = ActorSystem.Create("sizes", CountingMessageSerializer.Configuration.WithFallback("akka.loglevel = OFF, akka.stdout-loglevel = OFF"));
        var requests = Enumerable.Range(0, 40).Select(number => new ApplyDelta(Mobile, Large(number), 7)).ToArray<IPartitionRequest>();
        Say(_zero, requests);
        await FlushAsync();

        var sent = new List<IPartitionRequest>();
        while (sent.Count < requests.Length)
        {
            var batch = await NextAsync();
            Assert.InRange(system.Serialization.FindSerializerFor(batch).ToBinary(batch).Length, 1, 120_000);
            sent.AddRange(batch.Requests);
        }

        Assert.Equal(requests, sent);

        static Delta Large(int number) => new(
            Zero, number, number + 1,
            [.. Enumerable.Range(0, number % 2 == 0 ? 300 : 10).Select(key => new KeyCount(
                new RollupKey($"title {number} {key}", new string('日', 60)), new Window((long)int.MaxValue * 300), long.MaxValue))]);
    }

    [Fact]
    public async Task What_was_sent_is_not_sent_again()
    {
        Say(_zero, new OpenPartition(Mobile, Zero, 0, 7));
        await FlushAsync();
        await NextAsync();

        Say(_zero, new PersistPartition(Mobile, Zero, 5, 7));
        await FlushAsync();

        Assert.Equal([new PersistPartition(Mobile, Zero, 5, 7)], (await NextAsync()).Requests);
    }

    [Fact]
    public async Task Each_ingestor_gets_one_message_a_flush_with_all_answers_to_it()
    {
        Say(_zero, new OpenPartition(Mobile, Zero, 0, 7));
        Say(_one, new OpenPartition(Mobile, One, 0, 8));

        _outbox.Tell(new BucketAnswers(
            Mobile, [new PartitionOpened(Mobile, One, 3, 8), new PartitionOpened(Mobile, Zero, 2, 7)]));
        _outbox.Tell(new PartitionPersisted(Mobile, One, 9, 8));
        _outbox.Tell(new PartitionRejected(Mobile, new StreamPartition(Zero.Stream, 5), -1, 9));

        await FlushAsync();

        Assert.Equal([new PartitionOpened(Mobile, Zero, 2, 7)], (await _zero.ExpectMsgAsync<PartitionAnswers>()).Answers);
        Assert.Equal(
            [new PartitionOpened(Mobile, One, 3, 8), new PartitionPersisted(Mobile, One, 9, 8)],
            (await _one.ExpectMsgAsync<PartitionAnswers>()).Answers);
    }

    [Fact]
    public async Task A_partition_s_new_ingestor_gets_its_answers()
    {
        Say(_zero, new OpenPartition(Mobile, Zero, 0, 7));
        Say(_one, new OpenPartition(Mobile, Zero, 0, 9));

        _outbox.Tell(new PartitionOpened(Mobile, Zero, 2, 9));

        await FlushAsync();

        Assert.Equal([new PartitionOpened(Mobile, Zero, 2, 9)], (await _one.ExpectMsgAsync<PartitionAnswers>()).Answers);
        await _zero.ExpectNoMsgAsync(TimeSpan.Zero);
    }

    private void Say(TestProbe ingestor, params IPartitionRequest[] requests) =>
        _outbox.Tell(new PartitionRequests(requests), ingestor);

    private async Task<BucketBatch> NextAsync() => await _region.ExpectMsgAsync<BucketBatch>();

    // Whatever was told before has been taken in once the outbox answers.
    private async Task FlushAsync()
    {
        await _outbox.Ask<ActorIdentity>(new Identify(null));
        Clock.Advance(FlushInterval);
    }
}
