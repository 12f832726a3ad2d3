using Akka.Actor;
using Akka.Event;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Pulse.Actors.Buckets;
using Pulse.Counting;

namespace Pulse.Actors.Tests.Buckets;

/// <summary>What people are told of a node's buckets, in virtual time.</summary>
public sealed class BucketWatchTests : TestKit
{
    private readonly BucketStatistics _statistics = new() { Unstored = new UnstoredMemory(3 << 20) };
    private readonly TestProbe _log;
    private readonly IActorRef _watch;

    public BucketWatchTests()
        : base("akka.loglevel = INFO\n" + VirtualTime.Configuration.Replace("akka.loglevel = WARNING", "", StringComparison.Ordinal))
    {
        _log = CreateTestProbe("log");
        foreach (var level in (Type[])[typeof(Info), typeof(Warning), typeof(Error)])
            Sys.EventStream.Subscribe(_log, level);
        _watch = Sys.ActorOf(Props.Create(() => new BucketWatch(_statistics)));
    }

    private TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    [Theory]
    [InlineData(1, "Bucket views/0 at akka://test was overtaken: somebody else writes the same rows, an operator decided about a log that was cut, or the database went back. It starts over.")]
    [InlineData(2, "2 buckets (views/0, views/1) at akka://test were overtaken: somebody else writes the same rows, an operator decided about a log that was cut, or the database went back. They start over.")]
    [InlineData(40, "40 buckets (views/0, views/1, views/2 and 37 more) at akka://test were overtaken: somebody else writes the same rows, an operator decided about a log that was cut, or the database went back. They start over.")]
    public async Task Buckets_that_are_overtaken_within_a_second_are_one_line_with_the_node_s_address(int buckets, string expected)
    {
        // A bucket may be overtaken again, and is one bucket.
        _watch.Tell(new BucketOvertaken(Bucket(0)));
        for (var number = 0; number < buckets; number++)
            _watch.Tell(new BucketOvertaken(Bucket(number)));
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        await AdvanceAsync(TimeSpan.FromMinutes(10));

        var line = Assert.Single(await LinesAsync<Warning>());
        Assert.Equal(expected, line);
    }

    [Fact]
    public async Task Those_that_are_overtaken_later_are_another_line()
    {
        _watch.Tell(new BucketOvertaken(Bucket(0)));
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        _watch.Tell(new BucketOvertaken(Bucket(1)));
        await AdvanceAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(["Bucket views/0 at", "Bucket views/1 at"], (await LinesAsync<Warning>()).Select(line => line[..17]));
    }

    [Fact]
    public async Task That_nothing_more_is_counted_until_some_is_stored_is_one_line_and_that_it_is_over_another()
    {
        const string Problem = "What is counted and not stored fills the 3 MiB that this node has for it. It counts nothing more until some of it is stored.";
        await HoldsAsync(mebibytes: 2);
        Assert.Null(_statistics.FullProblem);
        Assert.Empty(await LinesAsync<Warning>());

        await HoldsAsync(mebibytes: 3);
        Assert.Equal(Problem, _statistics.FullProblem);
        await HoldsAsync(mebibytes: 2);
        await HoldsAsync(mebibytes: 3);
        Assert.Equal([Problem], await LinesAsync<Warning>());

        await HoldsAsync(mebibytes: 1);
        Assert.Null(_statistics.FullProblem);
        Assert.Equal(["Half of what was not stored is stored. This node counts on."], await LinesAsync<Info>());
    }

    [Fact]
    public async Task What_stands_still_is_said_once_and_then_seldom_until_it_goes_on()
    {
        Stand(0);
        Stand(1);
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        await AdvanceAsync(TimeSpan.FromMinutes(4));
        const string Two = "2 buckets (views/0, views/1) stand still, and no partition goes on. views/0 has no row.";
        Assert.Equal([Two], await LinesAsync<Error>());

        await AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal([Two], await LinesAsync<Error>());

        GoOn(0);
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(["Bucket views/0 goes on."], await LinesAsync<Info>());
        await AdvanceAsync(TimeSpan.FromMinutes(5));
        Assert.Equal(["Bucket views/1 stands still, and no partition goes on. views/1 has no row."], await LinesAsync<Error>());

        GoOn(1);
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(["Bucket views/1 goes on."], await LinesAsync<Info>());
        await AdvanceAsync(TimeSpan.FromMinutes(30));
        Assert.Empty(await LinesAsync<Error>());
    }

    [Fact]
    public async Task A_rollup_that_stands_apart_is_one_line_however_many_of_its_buckets_follow()
    {
        StandApart(0);
        StandApart(1);
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        StandApart(2);
        await AdvanceAsync(TimeSpan.FromMinutes(4));
        const string Line = "Rollup views stands apart: what bucket views/0 has to store is refused, and that of {0} more. views/0 is full. The other rollups go on.";
        Assert.Equal([Line.Replace("{0}", "1", StringComparison.Ordinal)], await LinesAsync<Error>());
        await AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal([Line.Replace("{0}", "2", StringComparison.Ordinal)], await LinesAsync<Error>());

        for (var number = 0; number < 3; number++)
        {
            Assert.Empty(await LinesAsync<Info>());
            Assert.True(_statistics.TakesPart(Bucket(number)));
            _watch.Tell(new BucketTakesPart(Bucket(number)));
            await AdvanceAsync(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(["Rollup views stands apart no longer on this node."], await LinesAsync<Info>());
        await AdvanceAsync(TimeSpan.FromMinutes(30));
        Assert.Empty(await LinesAsync<Error>());
    }

    [Fact]
    public async Task A_rollup_that_moves_away_while_it_stands_apart_is_told_of_no_more()
    {
        StandApart(0);
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Single(await LinesAsync<Error>());
        Assert.True(_statistics.TakesPart(Bucket(0)));

        await AdvanceAsync(TimeSpan.FromMinutes(30));

        Assert.Empty(await LinesAsync<Error>());
        Assert.Empty(await LinesAsync<Info>());
    }

    private static BucketId Bucket(int number) => new("views", number);

    private Task HoldsAsync(int mebibytes)
    {
        _statistics.Unstored.Add(((long)mebibytes << 20) - _statistics.Unstored.Bytes);
        if (_statistics.FillsOrEmpties())
            _watch.Tell(MemoryFillsOrEmpties.Instance);
        return AdvanceAsync(BucketWatch.Gathering);
    }

    private void StandApart(int number)
    {
        Assert.True(_statistics.StandsApart(Bucket(number), $"{Bucket(number)} is full."));
        Assert.False(_statistics.StandsApart(Bucket(number), $"{Bucket(number)} is full."));
        _watch.Tell(BucketStandsApart.Instance);
    }

    private void Stand(int number)
    {
        Assert.True(_statistics.StandsStill(Bucket(number), $"{Bucket(number)} has no row."));
        Assert.False(_statistics.StandsStill(Bucket(number), $"{Bucket(number)} has no row."));
        _watch.Tell(BucketStandsStill.Instance);
    }

    private void GoOn(int number)
    {
        Assert.True(_statistics.GoesOn(Bucket(number)));
        Assert.False(_statistics.GoesOn(Bucket(number)));
        _watch.Tell(new BucketGoesOn(Bucket(number)));
    }

    private async Task AdvanceAsync(TimeSpan time)
    {
        await _watch.Ask<ActorIdentity>(new Identify(null));
        Clock.Advance(time);
        await _watch.Ask<ActorIdentity>(new Identify(null));
    }

    // What the watch has said by now; a message of the test's own marks the end of it.
    private async Task<IReadOnlyList<string>> LinesAsync<TLevel>()
        where TLevel : LogEvent
    {
        _log.Ref.Tell("the end");
        var lines = new List<string>();
        while (await _log.ExpectMsgAsync<object>() is LogEvent line)
        {
            if (line is TLevel && line.LogClass == typeof(BucketWatch))
                lines.Add(line.Message.ToString()!);
        }

        return lines;
    }
}
