using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>A completion is known by its place in its own topic: in another topic, the same offset is another completion.</summary>
public sealed class CompletionIdentityTests(KafkaFixture kafka, PostgresFixture postgres) : IDisposable
{
    private const int First = 600;
    private const int Second = 400;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_completion_topic_made_again_exports_again(bool isRunning)
    {
        if (!isRunning)
            LongForm.Require();
        var stream = await TestStream.CreateAsync(kafka, partitions: 4);
        var database = await postgres.CreateDatabaseAsync();
        await stream.ProduceAsync(First);
        await stream.CompleteAsync();
        var node = Host(stream, database, isRunning ? [] : ["--exit-on-complete"]);
        try
        {
            if (isRunning)
                await node.LineAsync("Export finished", Limit);
            else
                Assert.Equal(0, await node.ExitAsync(Limit));
            await stream.MakeCompletionsAgainAsync();
            await stream.ProduceAsync(Second);
            await stream.CompleteAsync();
            if (!isRunning)
            {
                await node.DisposeAsync();
                node = Host(stream, database, "--exit-on-complete");
                Assert.Equal(0, await node.ExitAsync(Limit));
            }

            else
            {
                await Eventually.HoldsAsync("another export has ended", Limit, () => Task.FromResult(ExportsOf(node) == 2));
            }

            AssertExported(stream);
        }
        finally
        {
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_completion_topic_of_another_name_exports_again()
    {
        var (stream, database) = await ExportedAsync();

        var renamed = await stream.WithOtherCompletionsAsync();
        await renamed.ProduceAsync(Second);
        await renamed.CompleteAsync();
        await using (var node = Host(renamed, database, "--exit-on-complete"))
            Assert.Equal(0, await node.ExitAsync(Limit));

        AssertExported(renamed);
    }

    [Fact]
    public async Task What_was_exported_is_not_exported_again_though_the_group_s_offsets_are_gone()
    {
        var (stream, database) = await ExportedAsync();

        await stream.DeleteCompletionGroupAsync();
        await stream.CompleteAsync();
        await using var next = Host(stream, database, "--exit-on-complete");
        Assert.Equal(0, await next.ExitAsync(Limit));

        Assert.Equal(1, ExportsOf(next));
    }

    public void Dispose() => _directory.Dispose();

    private async Task<(TestStream Stream, string Database)> ExportedAsync()
    {
        var stream = await TestStream.CreateAsync(kafka, partitions: 4);
        var database = await postgres.CreateDatabaseAsync();
        await stream.ProduceAsync(First);
        await stream.CompleteAsync();
        await using (var node = Host(stream, database, "--exit-on-complete"))
            Assert.Equal(0, await node.ExitAsync(Limit));
        return (stream, database);
    }

    private static int ExportsOf(PulseProcess node) =>
        node.Output.Count(line => line.Contains("Export finished", StringComparison.Ordinal));

    private void AssertExported(TestStream stream)
    {
        var expected = RollupCounts.Of(stream.Judge());
        Assert.Equal(First + Second, expected.Events);
        RollupCounts.AssertEqual(expected, ParquetFiles.Read(_directory["data/warehouse"]));
    }

    private PulseProcess Host(TestStream stream, string database, params string[] arguments) => PulseProcess.Host(
        _directory, stream.Environment(database, checkpointInterval: null), ["run", "--port", "0", "--data", "data", .. arguments]);
}
