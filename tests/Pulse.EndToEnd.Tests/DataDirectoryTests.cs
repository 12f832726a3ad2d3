using System.Text.Json.Nodes;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>One data directory, one node: unless all of its nodes have their broker outside.</summary>
public sealed class DataDirectoryTests(KafkaFixture kafka) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly string[] Run = ["run", "--port", "0", "--data", "data"];
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task A_second_node_ends_at_once_and_names_who_holds_the_directory()
    {
        await using var first = Start([.. Run, "--events", "2000", "--rate", "2000", "--truth", "truth.json"]);
        var address = await first.AddressAsync();
        await first.ExportedAsync(Limit);
        var note = await NoteAsync();
        var truth = await File.ReadAllTextAsync(_directory["truth.json"], TestContext.Current.CancellationToken);

        // Not even what the second would write for itself is touched, and its port is not what stands in the way.
        await RefusedAsync(
            [.. Run[..2], new Uri(address).Port.ToString(System.Globalization.CultureInfo.InvariantCulture), .. Run[3..], "--truth", "truth.json"],
            $"process {first.Id} at {address}");

        Assert.Equal(note, await NoteAsync());
        Assert.Equal(truth, await File.ReadAllTextAsync(_directory["truth.json"], TestContext.Current.CancellationToken));
        await SucceedsAsync("verify", "--data", "data");
        await SucceedsAsync("export", "--data", "data", "--dry-run");
        await SucceedsAsync("status", "--data", "data");

        await first.KillAsync();
        await using var successor = Start(Run);
        await successor.AddressAsync();
        await RefusedAsync(Run, $"process {successor.Id} at ");
        successor.Terminate();
        Assert.Equal(0, await successor.ExitAsync(Limit));
        Assert.Empty(Directory.EnumerateFiles(_directory["data"], "*.json"));
    }

    [Fact]
    public async Task A_node_that_still_starts_is_named_by_its_process()
    {
        await using var first = Start(Run);
        await Eventually.HoldsAsync("the first holds the directory", Limit, () => Task.FromResult(
            Directory.Exists(_directory["data"]) && Directory.EnumerateFiles(_directory["data"], "node-*.json").Any()));
        await RefusedAsync(Run, $"process {first.Id}");
    }

    [Fact]
    public async Task Nodes_with_their_broker_outside_hold_it_together_and_keep_an_embedded_broker_out()
    {
        var stream = await TestStream.CreateAsync(kafka);
        var environment = stream.Environment();
        await using var one = PulseProcess.Host(_directory, environment, Run);
        await using var other = PulseProcess.Host(_directory, environment, Run);
        var (oneAddress, otherAddress) = (await one.AddressAsync(), await other.AddressAsync());

        var line = await RefusedAsync(Run, $"process {one.Id} at {oneAddress}");

        Assert.Contains($"process {other.Id} at {otherAddress}", line, StringComparison.Ordinal);
        one.Terminate();
        Assert.Equal(0, await one.ExitAsync(Limit));
        line = await RefusedAsync(Run, $"process {other.Id} at {otherAddress}");
        Assert.DoesNotContain($"process {one.Id}", line, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private PulseProcess Start(params string[] arguments) => PulseProcess.Host(_directory, new Dictionary<string, string>(), arguments);

    private async Task<string> RefusedAsync(string[] arguments, string holder)
    {
        await using var second = Start(arguments);
        Assert.Equal(1, await second.ExitAsync(Limit));
        Assert.Empty(second.Output);
        var line = Assert.Single(second.Errors);
        Assert.Contains(_directory["data"], line, StringComparison.Ordinal);
        Assert.Contains(holder, line, StringComparison.Ordinal);
        return line;
    }

    private async Task SucceedsAsync(params string[] arguments)
    {
        await using var command = Start(arguments);
        Assert.Equal(0, await command.ExitAsync(Limit));
        Assert.Empty(command.Errors);
    }

    private async Task<string> NoteAsync() => JsonNode.Parse(
        await File.ReadAllTextAsync(_directory["data/broker.json"], TestContext.Current.CancellationToken))!.ToJsonString();
}
