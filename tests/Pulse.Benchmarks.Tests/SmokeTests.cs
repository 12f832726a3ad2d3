using System.Text.Json;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.Benchmarks.Tests;

/// <summary>Every benchmark runs, with parameters so small that its figures mean nothing: benchmarks must not rot.</summary>
public sealed class SmokeTests : IDisposable
{
    private readonly string _json = Path.Combine(Path.GetTempPath(), $"pulse-benchmark-{Guid.NewGuid():N}.json");

    [Theory]
    [InlineData(3, "events/s", "pipeline", "--events", "1000", "--partitions", "2", "--rounds", "1", "--warm-ups", "1")]
    [InlineData(4, "CPU, ns/event", "decode", "--quick")]
    [InlineData(4, "CPU, ns/event", "tally", "--quick")]
    [InlineData(4, "deltas/s", "delivery", "--partitions", "2", "--buckets", "4", "--rounds", "1", "--runs", "1")]
    [InlineData(3, "3 × 2: rows/s", "checkpoint", "--shape", "3x2", "--runs", "1")]
    [InlineData(2, "heap, MiB", "cardinality", "--keys", "2000", "--events", "4000", "--partitions", "2", "--rounds", "1", "--warm-ups", "1")]
    [InlineData(2, "p99, ms", "freshness", "--rate", "500", "--seconds", "1")]
    [InlineData(2, "events/s", "dashboards", "--dashboards", "2", "--requests", "5", "--seconds", "1", "--rounds", "1", "--rate", "500", "--warm-up-seconds", "1")]
    [InlineData(1, "kill -9 of a node until caught up, s", "recovery", "--rate", "500", "--partitions", "4", "--steady-seconds", "1", "--backlog-seconds", "1", "--runs", "1")]
    [InlineData(1, "rows/s, whole", "export", "--rows", "1000")]
    public Task Measures(int subjects, string figure, params string[] arguments) => MeasureAsync(subjects, figure, arguments);

    [Theory]
    [InlineData(3, "events/s", "pipeline", "--events", "1000", "--partitions", "2", "--rounds", "1", "--warm-ups", "1")]
    [InlineData(2, "p99, ms", "freshness", "--rate", "500", "--seconds", "1")]
    [InlineData(1, "kill -9 of a node until caught up, s", "recovery", "--rate", "500", "--partitions", "4", "--steady-seconds", "1", "--backlog-seconds", "1", "--runs", "1")]
    public Task Measures_on_a_real_broker_of_its_own(int subjects, string figure, params string[] arguments) =>
        KafkaHome.Find(out var missing) is null
            ? throw Requirement.Missing(missing)
            : MeasureAsync(subjects, figure, [.. arguments, "--kafka", "start"]);

    [Theory]
    [InlineData("'--quik' is no verb or option", "decode", "--quik")]
    [InlineData("'decoed' is no verb or option", "decoed")]
    [InlineData("--runs: 'x' is not allowed", "delivery", "--runs", "x")]
    [InlineData("--shape: '3' is not allowed", "checkpoint", "--shape", "3")]
    [InlineData("Required command was not provided")]
    public async Task A_wrong_argument_is_named_in_one_line(string line, params string[] arguments)
    {
        var run = await BenchmarkRun.OfAsync(arguments);

        Assert.Equal(2, run.ExitCode);
        Assert.Empty(run.Output);
        Assert.StartsWith(line, Assert.Single(run.Errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    public void Dispose() => File.Delete(_json);

    private async Task MeasureAsync(int subjects, string figure, string[] arguments)
    {
        var run = await BenchmarkRun.OfAsync([.. arguments, "--json", _json]);

        Assert.True(run.ExitCode == 0, $"{run.Output}\n{run.Errors}");
        using var report = JsonDocument.Parse(await File.ReadAllBytesAsync(_json, TestContext.Current.CancellationToken));
        Assert.Equal(arguments[0], report.RootElement.GetProperty("benchmark").GetString());
        var measured = report.RootElement.GetProperty("subjects").EnumerateArray().ToList();
        Assert.Equal(subjects, measured.Count);
        foreach (var subject in measured)
        {
            var figures = subject.GetProperty("figures").EnumerateArray().ToList();
            Assert.Contains(figures, each => each.GetProperty("name").GetString() == figure);
            Assert.All(figures, AssertMeasured);
        }
    }

    // Allocating nothing and collecting nothing are good figures, so little work can take no tick of the processor's clock,
    // and a difference between two tiny heaps is mostly noise.
    private static void AssertMeasured(JsonElement figure)
    {
        var name = figure.GetProperty("name").GetString()!;
        var mayBeZero = name.StartsWith("allocated", StringComparison.Ordinal)
            || name.StartsWith("collections", StringComparison.Ordinal)
            || name.StartsWith("CPU", StringComparison.Ordinal);
        var mayBeNegative = name.EndsWith("bytes per further key", StringComparison.Ordinal);
        var runs = figure.GetProperty("runs").EnumerateArray().Select(run => run.GetDouble()).ToList();
        Assert.NotEmpty(runs);
        foreach (var value in runs.Append(figure.GetProperty("median").GetDouble()))
            Assert.True(double.IsFinite(value) && (mayBeNegative || (mayBeZero ? value >= 0 : value > 0)), $"{name} is {value}.");
    }
}
