using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>The record that says that the stream is complete, as producers of all makes write it.</summary>
public sealed class CompletionTests(KafkaFixture kafka) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData("2026-02-01T23:00:00+0000")]
    [InlineData("2026-02-01t23:00Z")]
    [InlineData("2026-02-01 23:00:00,123456789+02")]
    public async Task A_completion_s_time_may_be_spelled_in_any_way_of_the_standard(string timestamp)
    {
        if (timestamp != "2026-02-01T23:00:00+0000")
            LongForm.Require();
        var stream = await TestStream.CreateAsync(kafka);
        await stream.ProduceAsync(10);
        await stream.CompleteAsync(timestamp);

        await using var node = PulseProcess.Host(
            _directory, stream.Environment(), "run", "--port", "0", "--data", "data", "--exit-on-complete");

        Assert.Equal(0, await node.ExitAsync(Limit));
        Assert.Contains(node.Output, line => line.Contains("Export finished", StringComparison.Ordinal));
        Assert.DoesNotContain(node.Output, line => line.Contains(" warn ", StringComparison.Ordinal));
        RollupCounts.AssertEqual(RollupCounts.Of(stream.Judge()), ParquetFiles.Read(_directory["data/warehouse"]));
    }

    public void Dispose() => _directory.Dispose();
}
