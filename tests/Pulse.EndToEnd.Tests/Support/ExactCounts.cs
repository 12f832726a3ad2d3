using Pulse.Testing;
using Pulse.Verification;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>Whether tables and balance are what the log makes of them.</summary>
internal static class ExactCounts
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    /// <summary>Waits until all buckets stand at the end of a log of so many records.</summary>
    public static Task StoredAsync(string database, long records, TimeSpan limit) => Eventually.HoldsAsync(
        $"{records} records stored",
        limit,
        async () => await ResultTables.OfPostgres(database).IsPreparedAsync()
            && (await ResultTables.OfPostgres(database).BalanceAsync()).All(rollup => rollup.Consumed == records && rollup.IsEven),
        Interval);

    /// <summary>Waits until so many events are counted.</summary>
    public static Task CountedAsync(string database, long events, TimeSpan limit) => Eventually.HoldsAsync(
        $"{events} events counted", limit,
        async () => await ResultTables.OfPostgres(database).IsPreparedAsync() && await ResultTables.OfPostgres(database).CountedAsync() >= events,
        Interval);

    /// <summary>Ends the producer, waits until everything that it has produced is stored, and asserts it, row for row.</summary>
    public static async Task AssertAtEndAsync(TestStream stream, PulseProcess producer, string database, TimeSpan limit)
    {
        producer.Terminate();
        Assert.Equal(0, await producer.ExitAsync(limit));
        var judge = stream.Judge();
        await StoredAsync(database, judge.Records, limit);
        await AssertAsync(judge, ResultTables.OfPostgres(database));
    }

    /// <summary>Asserts it, row for row, by two judges: one of the tests', and the one that users have.</summary>
    public static async Task AssertAsync(IndependentReader judge, ResultTables tables)
    {
        await AssertRowsAsync(judge, tables);
        var report = await Verifier.RunAsync(
            new VerificationRequest(
                new LogAddress(
                    new Dictionary<string, string> { ["bootstrap.servers"] = judge.BootstrapServers }, judge.Topic, "verification", null),
                tables.Database),
            null,
            CancellationToken.None);
        Assert.Equal((Verdict.Pass, judge.Records), (report.Verdict, report.Records));
    }

    /// <summary>The same by the first of them alone, for a log that no longer has all that was counted.</summary>
    public static async Task AssertRowsAsync(IndependentReader judge, ResultTables tables)
    {
        RollupCounts.AssertEqual(RollupCounts.Of(judge), await tables.ReadAsync());
        Assert.Equal(judge.DeadLetters, await tables.DeadLettersAsync());
        Assert.All(await tables.BalanceAsync(), rollup => Assert.Equal((judge.Records, true), (rollup.Consumed, rollup.IsEven)));
    }
}
