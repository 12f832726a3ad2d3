using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>
/// What happens outside of Pulse and must change no count: other tools that move the group's offsets, another installation with
/// the same group, a database that goes back to an older state.
/// </summary>
public sealed class FaultTests(KafkaFixture kafka, PostgresFixture postgres) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);
    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData("the end")]
    [InlineData("the beginning")]
    [InlineData("nowhere")]
    public async Task Offsets_that_another_tool_moves_change_no_count(string where)
    {
        // GroupTests has the others, while nodes run.
        if (where != "the end")
            LongForm.Require();
        var stream = await TestStream.CreateAsync(kafka);
        var database = await postgres.CreateDatabaseAsync();
        await stream.ProduceAsync(1_000);
        await using (var first = Host(stream, database))
        {
            await StoredAsync(database, 1_000);
            await Eventually.HoldsAsync("the group hears of it", Limit, () => Task.FromResult(stream.Committed() == 1_000));
            first.Terminate();
            Assert.Equal(0, await first.ExitAsync(Limit));
        }

        await stream.ProduceAsync(500);
        await stream.CompleteAsync();
        await (where switch
        {
            "the end" => stream.MoveOffsetsAsync((_, range) => range.High),
            "the beginning" => stream.MoveOffsetsAsync((_, range) => range.Low),
            _ => stream.DeleteGroupAsync(),
        });
        await using var second = Host(stream, database, "--exit-on-complete");
        Assert.Equal(0, await second.ExitAsync(Limit));

        await AssertExactAsync(stream, database, 1_500);
    }

    [Fact]
    public async Task Two_installations_with_one_group_both_count_everything()
    {
        var stream = await TestStream.CreateAsync(kafka);
        var (one, other) = (await postgres.CreateDatabaseAsync(), await postgres.CreateDatabaseAsync());
        await stream.ProduceAsync(1_000);
        await using var first = Host(stream, one);
        await StoredAsync(one, 1_000);
        await using var second = Host(stream, other);
        await stream.ProduceAsync(1_000);
        await StoredAsync(one, 2_000);
        await StoredAsync(other, 2_000);

        await AssertExactAsync(stream, one, 2_000);
        await AssertExactAsync(stream, other, 2_000);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_database_that_goes_back_is_caught_up_from_where_it_stands(bool isRunning)
    {
        if (!isRunning)
            LongForm.Require();
        var stream = await TestStream.CreateAsync(kafka);
        var database = await postgres.CreateDatabaseAsync();
        var backup = new DatabaseCopy(database);
        await stream.ProduceAsync(1_000);
        var node = Host(stream, database, "--exit-on-complete");
        try
        {
            await StoredAsync(database, 1_000);
            await backup.TakeAsync();
            await stream.ProduceAsync(1_000);
            await StoredAsync(database, 2_000);
            if (!isRunning)
            {
                node.Terminate();
                Assert.Equal(0, await node.ExitAsync(Limit));
                await node.DisposeAsync();
            }

            await backup.PutBackAsync();
            if (!isRunning)
                node = Host(stream, database, "--exit-on-complete");
            await StoredAsync(database, 2_000);
            await stream.ProduceAsync(500);
            await stream.CompleteAsync();

            Assert.Equal(0, await node.ExitAsync(Limit));
            await AssertExactAsync(stream, database, 2_500);
            Assert.Equal(isRunning, node.Output.Any(line => line.Contains("overtaken: somebody else", StringComparison.Ordinal)));
        }
        finally
        {
            await node.DisposeAsync();
        }
    }

    public void Dispose() => _directory.Dispose();

    private PulseProcess Host(TestStream stream, string database, params string[] arguments) => PulseProcess.Host(
        _directory, stream.Environment(database, checkpointInterval: null),
        ["run", "--port", "0", "--data", $"data-{Guid.NewGuid():N}", .. arguments]);

    private static Task StoredAsync(string database, long events) => ExactCounts.StoredAsync(database, events, Limit);

    private static async Task AssertExactAsync(TestStream stream, string database, long events)
    {
        var judge = stream.Judge();
        Assert.Equal(events, judge.Records);
        await ExactCounts.AssertAsync(judge, ResultTables.OfPostgres(database));
    }
}
