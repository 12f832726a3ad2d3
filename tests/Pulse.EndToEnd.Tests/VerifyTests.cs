using System.Text.Json;
using System.Text.RegularExpressions;
using Npgsql;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>The command as a person uses it: beside nodes that count, and after they are gone.</summary>
public sealed partial class VerifyTests(KafkaFixture kafka, PostgresFixture postgres) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task It_passes_while_events_flow_and_finds_one_row_that_is_changed_meanwhile()
    {
        var stream = await TestStream.CreateAsync(kafka);
        var database = await postgres.CreateDatabaseAsync();
        var environment = stream.Environment(database, TimeSpan.FromMilliseconds(300));
        await using var node = PulseProcess.Host(_directory, environment, "run", "--port", "0", "--data", "data");
        await node.StatusAsync();
        await using var producer = stream.Produce(_directory, 2_000);
        var read = 0L;
        for (var time = 0; time < 3; time++)
        {
            await ExactCounts.CountedAsync(database, read + 2_000, Limit);
            var report = await JsonAsync(environment, expected: 0);
            Assert.Equal("PASS", report.GetProperty("verdict").GetString());
            Assert.InRange(report.GetProperty("records").GetInt64(), read + 2_000, long.MaxValue);
            read = report.GetProperty("records").GetInt64();
        }

        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using (var raise = new NpgsqlCommand(
            "update viewsByLocationMRAggregation set view_count = view_count + 1 where ctid = (select min(ctid) from viewsByLocationMRAggregation)", connection))
            Assert.Equal(1, await raise.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        var refuted = await JsonAsync(environment, expected: 1);

        var rollup = refuted.GetProperty("rollups").EnumerateArray().Single(each => each.GetProperty("differenceCount").GetInt64() > 0);
        Assert.Equal("viewsByLocationMR", rollup.GetProperty("rollup").GetString());
        var difference = Assert.Single(rollup.GetProperty("differences").EnumerateArray());
        Assert.Equal(difference.GetProperty("least").GetInt64() + 1, difference.GetProperty("stored").GetInt64());
        Assert.Equal(
            Math.Min(20, difference.GetProperty("offsetCount").GetInt64()), difference.GetProperty("offsets").EnumerateArray().Count());
        Assert.Equal(TestStream.Partitions, rollup.GetProperty("positions").EnumerateArray().Count());
    }

    [Fact]
    public async Task It_finds_a_node_with_everything_embedded_and_says_what_the_manual_shows()
    {
        await using var node = PulseProcess.Host(
            _directory, new Dictionary<string, string>(), "run", "--port", "0", "--rate", "2000", "--data", "pulse-data");
        await ExportedAsync(node);

        await using var verify = PulseProcess.Host(_directory, new Dictionary<string, string>(), "verify");

        Assert.Equal(0, await verify.ExitAsync(Limit));
        Assert.Equal(Manual().Select(WithoutNumbers), verify.Output.Select(WithoutNumbers));
        Assert.StartsWith("PASS  ", verify.Output[^1], StringComparison.Ordinal);
        Assert.Contains("1,550 of 1,550 records counted", verify.Output[0], StringComparison.Ordinal);
        Assert.Empty(verify.Errors);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_log_that_died_with_its_process_says_nothing(bool isKilled)
    {
        var note = _directory["data/broker.json"];
        await using (var node = PulseProcess.Host(
            _directory, new Dictionary<string, string>(), "run", "--port", "0", "--rate", "2000", "--data", "data"))
        {
            await ExportedAsync(node);
            Assert.True(File.Exists(note));
            if (isKilled)
                await node.KillAsync();
            else
            {
                node.Terminate();
                Assert.Equal(0, await node.ExitAsync(Limit));
            }
        }

        Assert.Equal(isKilled, File.Exists(note));
        await using var verify = PulseProcess.Host(_directory, new Dictionary<string, string>(), "verify", "--data", "data");
        Assert.Equal(3, await verify.ExitAsync(Limit));
        Assert.StartsWith("CANNOT SAY  No node with an embedded broker runs in ", Assert.Single(verify.Output), StringComparison.Ordinal);
        verify.AssertNoStackTrace();
    }

    [Theory]
    [InlineData("--from: 'yesterday' is no time", "verify", "--from", "yesterday")]
    [InlineData("--to must be after --from.", "verify", "--from", "2026-01-01T00:00Z", "--to", "2026-01-01T00:00Z")]
    [InlineData("--to must be after --from.", "verify", "--from", "2026-01-02", "--to", "2026-01-01T23:59Z")]
    [InlineData("There is no storage in ", "verify")]
    [InlineData("There is no storage in ", "export")]
    public async Task Wrong_usage_is_2_with_a_line(string expected, params string[] arguments)
    {
        await using var verify = PulseProcess.Host(_directory, new Dictionary<string, string>(), arguments);

        Assert.Equal(2, await verify.ExitAsync(Limit));
        Assert.Contains(expected, Assert.Single(verify.Errors), StringComparison.Ordinal);
        Assert.Empty(verify.Output);
    }

    [Fact]
    public async Task Servers_that_do_not_answer_are_named()
    {
        using var nobody = new NobodysPort();
        var stream = await TestStream.CreateAsync(kafka, partitions: 1);
        var environment = stream.Environment($"Host=127.0.0.1;Port={nobody.Port};Username=x;Password=secret;Database=pulse", null);
        await using var verify = PulseProcess.Host(_directory, environment, "verify");

        Assert.Equal(3, await verify.ExitAsync(Limit));
        Assert.StartsWith("CANNOT SAY  PostgreSQL database 'pulse' at 127.0.0.1:", Assert.Single(verify.Output), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", verify.Output[0], StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private async Task<JsonElement> JsonAsync(Dictionary<string, string> environment, int expected)
    {
        await using var verify = PulseProcess.Host(_directory, environment, "verify", "--json");
        Assert.Equal(expected, await verify.ExitAsync(Limit));
        Assert.Empty(verify.Errors);
        return JsonDocument.Parse(string.Join('\n', verify.Output)).RootElement;
    }

    private static async Task ExportedAsync(PulseProcess node)
    {
        await node.LineAsync("http://127.0.0.1:", Limit);
        await node.ExportedAsync(Limit);
    }

    // What README shows below the command, up to the verdict.
    private static IEnumerable<string> Manual() => File.ReadLines(Path.Combine(AppContext.BaseDirectory, "README.md"))
        .SkipWhile(line => !line.EndsWith("-- verify", StringComparison.Ordinal) || !line.StartsWith('$')).Skip(1)
        .TakeWhile(line => line != "```");

    private static string WithoutNumbers(string line) => Number().Replace(line, "#");

    [GeneratedRegex("[0-9][0-9,.]*")]
    private static partial Regex Number();
}
