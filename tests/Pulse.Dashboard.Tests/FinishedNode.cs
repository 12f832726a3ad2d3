using System.Text.Json;
using Pulse.Testing;

namespace Pulse.Dashboard.Tests;

/// <summary>A node that has counted and exported a whole simulated stream, and what the simulator knows to be true.</summary>
public sealed class FinishedNode : IAsyncLifetime
{
    public const int Events = 20_000;

    private readonly string _directory = Directory.CreateTempSubdirectory("pulse-dashboard-").FullName;
    private Node? _node;
    private JsonDocument? _truth;

    public string Address => _node!.Address;

    public Node Node => _node!;

    public async ValueTask InitializeAsync()
    {
        var truth = Path.Combine(_directory, "truth.json");
        // Event time runs 300 times as fast and begins before midnight, so that there are many windows and two dates.
        _node = await Node.StartAsync(
            _directory, Node.FreePort(), "--events", "20000", "--rate", "2000", "--seed", "11", "--bad", "0.01",
            "--speed-up", "300", "--start", "2025-01-31T23:28:20Z", "--truth", truth);
        await _node.UntilAsync(
            "/api/exports", body => body.Contains("\"endedUtc\"", StringComparison.Ordinal), TimeSpan.FromMinutes(4));
        // Brokers and storage are asked every two seconds.
        await _node.UntilAsync(
            "/api/status", body => body.Contains("\"lag\":0,\"sessionRestarts\"", StringComparison.Ordinal), TimeSpan.FromMinutes(1));
        await Eventually.HoldsAsync("the truth is written", TimeSpan.FromMinutes(1), async () =>
        {
            try
            {
                _truth = JsonDocument.Parse(await File.ReadAllBytesAsync(truth));
                return true;
            }
            catch (Exception exception) when (exception is JsonException or IOException)
            {
                return false;
            }
        });
    }

    public async ValueTask DisposeAsync()
    {
        _truth?.Dispose();
        if (_node is not null)
            await _node.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>The true counts of a rollup: both values, the window's end, and the count.</summary>
    public IReadOnlyList<(string First, string Second, DateTime WindowEnd, long Count)> Truth(string rollup) =>
    [
        .. _truth!.RootElement.GetProperty("rollups").GetProperty(rollup).GetProperty("rows").EnumerateArray()
            .Select(row => (row[0].GetString()!, row[1].GetString()!, row[2].GetDateTime().ToUniversalTime(), row[3].GetInt64())),
    ];

    /// <summary>How many records the simulator spoiled.</summary>
    public long Malformed => _truth!.RootElement.GetProperty("malformed").GetInt64();
}
