using Akka.Actor;
using Akka.Event;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Pulse.Actors.Live;
using Pulse.Actors.Tests.Storage;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Tests.Live;

/// <summary>How often storage is asked for the balance, and what is said of it, in virtual time.</summary>
public sealed class BalanceWatchTests : TestKit
{
    private const string Rollup = "viewsByDeviceGenre";
    private static readonly Balance Even = new(4, 1, 0, 0, 5);
    private static readonly Balance Uneven = new(5, 1, 0, 0, 5);

    private readonly Balances _balances = new(RollupCatalog.Default);
    private readonly TestProbe _log;
    private TaskCompletionSource<IReadOnlyList<RollupBalance>> _answer = New();
    private int _questions;

    public BalanceWatchTests()
        : base(VirtualTime.Configuration)
    {
        _log = CreateTestProbe("log");
        Sys.EventStream.Subscribe(_log, typeof(Warning));
        Sys.EventStream.Subscribe(_log, typeof(Error));
        Sys.ActorOf(Props.Create(() => new BalanceWatch(ReadAsync, _balances)));
    }

    private TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    [Fact]
    public async Task No_question_is_asked_while_one_is_under_way_nor_within_five_seconds_of_it()
    {
        Assert.All(_balances.All, each => Assert.Null(each.AtCut));
        await AskedAsync(1);
        Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, Volatile.Read(ref _questions));

        await AnswerAsync(Seen(Even));

        Assert.Equal(Even, _balances.All[0].AtCut!.Balance);
        Clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(1, Volatile.Read(ref _questions));
        await AskedAsync(2);
    }

    [Fact]
    public async Task A_rollup_that_does_not_balance_is_said_once_until_it_did_again()
    {
        foreach (var balance in (Balance[])[Even, Uneven, Uneven, Even, Uneven])
        {
            await AskedAsync(Volatile.Read(ref _questions) + 1);
            await AnswerAsync(Seen(balance));
        }

        for (var line = 0; line < 2; line++)
            Assert.Equal(Seen(Uneven).Problem, (await _log.ExpectMsgAsync<Error>()).Message.ToString());
        await _log.ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [Fact]
    public async Task One_that_gaps_explain_is_no_fault_but_worth_a_line()
    {
        await AskedAsync(1);
        await AnswerAsync(Seen(Uneven) with { PartialGaps = 1 });

        Assert.Contains("pulse_gap", (await _log.ExpectMsgAsync<Warning>()).Message.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_storage_can_not_be_read_the_last_cut_stays_and_it_asks_again()
    {
        await AskedAsync(1);
        await AnswerAsync(Seen(Even));
        await AskedAsync(2);
        Interlocked.Exchange(ref _answer, New()).SetException(new InvalidOperationException("It is away."));
        await AskedAsync(3);

        Assert.Equal(Even, _balances.All[0].AtCut!.Balance);
        await _log.ExpectNoMsgAsync(TimeSpan.Zero);
    }

    private static RollupBalance Seen(Balance balance) => new(Rollup, new DateTime(2026, 11, 26, 12, 0, 0, DateTimeKind.Utc), balance);

    private static TaskCompletionSource<IReadOnlyList<RollupBalance>> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Task<IReadOnlyList<RollupBalance>> ReadAsync(CancellationToken cancellationToken)
    {
        var answer = Volatile.Read(ref _answer).Task;
        Interlocked.Increment(ref _questions);
        return answer;
    }

    // The actor sets its timer at a moment of its own, after it has heard the last answer.
    private Task AskedAsync(int questions) => Until.TrueAsync(() =>
    {
        if (Volatile.Read(ref _questions) < questions)
            Clock.Advance(BalanceWatch.Interval);
        return Volatile.Read(ref _questions) == questions;
    });

    private async Task AnswerAsync(RollupBalance balance)
    {
        Interlocked.Exchange(ref _answer, New()).SetResult([balance]);
        await Until.TrueAsync(() => _balances.All[0].AtCut == balance);
    }
}
