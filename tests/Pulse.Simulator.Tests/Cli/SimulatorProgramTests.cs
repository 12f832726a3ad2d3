using System.Diagnostics;
using System.Text.Json;
using Confluent.Kafka;
using Pulse.Simulator.Cli;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.Simulator.Tests.Cli;

public sealed class SimulatorProgramTests(KafkaFixture kafka)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_run_ends_with_0_the_seeds_line_and_the_truth()
    {
        var file = Path.GetTempFileName();
        try
        {
            var topic = await kafka.CreateTopicAsync("cli", 2);
            var completion = await kafka.CreateTopicAsync("cli-completion", 1);
            var (code, output, errors) = await RunAsync(
                "--bootstrap-servers", kafka.BootstrapServers, "--topic", topic, "--completion-topic", completion,
                "--events", "500", "--rate", "0", "--seed", "7", "--bad", "0.1", "--start", "2026-01-01T01:00:00.5+01:00", "--truth", file);

            Assert.Equal((0, ""), (code, errors));
            Assert.Contains("seed 7, start 2026-01-01T00:00:00.500Z.", output, StringComparison.Ordinal);
            Assert.Contains("500 of 500 produced events delivered", output, StringComparison.Ordinal);
            Assert.Contains("*** DATA SIMULATION COMPLETED ***", output, StringComparison.Ordinal);
            using var truth = JsonDocument.Parse(await File.ReadAllBytesAsync(file));
            Assert.Equal(500, truth.RootElement.GetProperty("events").GetInt32());
            Assert.Equal(3, truth.RootElement.GetProperty("rollups").EnumerateObject().Count());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("--rate", "-1")]
    [InlineData("--rate", "fast")]
    [InlineData("--events", "many")]
    [InlineData("--events", "-5")]
    [InlineData("--duration", "5 parsecs")]
    [InlineData("--start", "tomorrow")]
    [InlineData("--out-of-order", "x")]
    [InlineData("--late", "2")]
    [InlineData("--bad", "1.5")]
    [InlineData("--fast-clock", "-0.1")]
    [InlineData("--seed", "abc")]
    [InlineData("--speed-up", "-1")]
    [InlineData("--skew", "99")]
    [InlineData("--topic", "a b")]
    public async Task Wrong_usage_is_exit_code_2_and_names_the_option_and_what_is_allowed(string option, string value)
    {
        var (code, _, errors) = await RunAsync(option, value);

        Assert.Equal(2, code);
        var line = errors.Split('\n')[0];
        Assert.StartsWith(option + ":", line, StringComparison.Ordinal);
        Assert.Matches("give|use|allowed", line);
    }

    [Fact]
    public async Task An_unknown_option_is_exit_code_2()
    {
        var (code, _, errors) = await RunAsync("--evnets", "5");
        Assert.Equal(2, code);
        Assert.Contains("--evnets", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_names_every_option()
    {
        var (code, output, _) = await RunAsync("--help");
        Assert.Equal(0, code);
        Assert.All(
            (string[])
            [
                "--bootstrap-servers", "--events", "--rate", "--duration", "--seed", "--start", "--speed-up", "--skew",
                "--late", "--out-of-order", "--fast-clock", "--endless", "--bad", "--truth", "--no-complete", "--topic", "--completion-topic",
            ],
            option => Assert.Contains(option, output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_unreachable_broker_is_one_line_and_exit_code_1_in_bounded_time()
    {
        using var port = new NobodysPort();
        var watch = Stopwatch.StartNew();
        var (code, _, errors) = await RunAsync("--bootstrap-servers", port.Address);

        Assert.Equal(1, code);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(30));
        Assert.Contains(port.Address, Assert.Single(errors.Trim().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_truth_file_that_cannot_be_written_fails_before_anything_is_produced()
    {
        var topic = await kafka.CreateTopicAsync("cli", 1);
        var file = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"), "truth.json");
        var (code, output, errors) = await RunAsync(
            "--bootstrap-servers", kafka.BootstrapServers, "--topic", topic, "--truth", file);

        Assert.Equal((1, ""), (code, output));
        Assert.StartsWith("--truth:", Assert.Single(errors.Trim().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopping_flushes_and_says_how_many_were_delivered()
    {
        var topic = await kafka.CreateTopicAsync("cli", 1);
        using var stop = new CancellationTokenSource();
        var run = RunAsync(
            ["--bootstrap-servers", kafka.BootstrapServers, "--topic", topic, "--endless", "--rate", "100", "--speed-up", "60"],
            stop.Token);
        await UntilRecordsArriveAsync(topic);
        await stop.CancelAsync();
        var (code, output, errors) = await run;

        Assert.Equal((0, ""), (code, errors));
        Assert.Matches(@"Stopped: [\d,]+ of [\d,]+ produced events delivered", output);
        Assert.DoesNotContain("COMPLETED", output, StringComparison.Ordinal);
    }

    private async Task UntilRecordsArriveAsync(string topic)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(
            new ConsumerConfig { BootstrapServers = kafka.BootstrapServers, GroupId = "reader" }).Build();
        using var deadline = new CancellationTokenSource(Limit);
        while (consumer.QueryWatermarkOffsets(new TopicPartition(topic, 0), Limit).High.Value == 0)
            await Task.Delay(TimeSpan.FromMilliseconds(20), deadline.Token);
    }

    private static Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments) =>
        RunAsync(arguments, CancellationToken.None);

    private static async Task<(int Code, string Output, string Errors)> RunAsync(
        string[] arguments, CancellationToken cancellation)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await new SimulatorProgram(output, errors, terminal: false)
            .RunAsync(arguments, cancellation).WaitAsync(Limit, CancellationToken.None);
        return (code, output.ToString(), errors.ToString());
    }
}
