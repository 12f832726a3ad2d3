using System.Diagnostics;
using System.Text.Json.Nodes;
using Pulse.Testing;
using Pulse.Testing.BigQuery;

namespace Pulse.Warehouse.Tests;

/// <summary>
/// Google's own client for Node against the fake: what the fake lets Pulse's client get away with, it would not get
/// away with there, and the other way round. Needs node and npm; without them it fails in CI and is skipped elsewhere.
/// </summary>
public sealed class NodeClientTests
{
    private const string Token = "a-token";

    [Fact]
    public async Task Google_s_client_for_Node_makes_loads_asks_and_is_refused_as_by_the_service()
    {
        var client = await InstallAsync();
        var root = Directory.CreateTempSubdirectory("pulse-node-").FullName;
        await using var fake = await FakeBigQuery.StartAsync();
        fake.Token = Token;
        var rows = Counts.Rows(Counts.NewYear).ToList();
        await Counts.ExportAsync(new ParquetWarehouse(root), Counts.NewYear, rows);
        var parquet = Directory.GetFiles(root, "*.parquet", SearchOption.AllDirectories).Single();

        var output = await RunAsync(
            client, "node", "client.mjs", fake.BaseUri.AbsoluteUri.TrimEnd('/'), FakeBigQuery.Project, Token, parquet);
        Directory.Delete(root, recursive: true);

        var seen = JsonNode.Parse(output)!;
        Assert.True((bool)seen["datasetExists"]!);
        Assert.False((bool)seen["absentDatasetExists"]!);
        Assert.Equal(("DAY", "date"), ((string?)seen["partitioning"]!["type"], (string?)seen["partitioning"]!["field"]));
        Assert.Equal("device_type STRING", (string?)seen["columns"]![0]);
        Assert.Equal("patched", (string?)seen["description"]);
        Assert.Equal("DONE", (string?)seen["state"]);
        Assert.Equal("20", (string?)seen["outputRows"]);
        Assert.Equal((20, 210), ((int)seen["counts"]!["row_count"]!, (int)seen["counts"]!["view_count"]!));
        Assert.Equal((20, 210), ((int)seen["countsOfJob"]!["row_count"]!, (int)seen["countsOfJob"]!["view_count"]!));
        Assert.Equal((409, "duplicate"), Refusal(seen, "datasetAgain"));
        Assert.Equal((409, "duplicate"), Refusal(seen, "tableAgain"));
        Assert.Equal((409, "duplicate"), Refusal(seen, "jobAgain"));
        Assert.Equal((404, "notFound"), Refusal(seen, "absentTable"));
        Assert.Equal("invalid", Refusal(seen, "wrongPartition").Reason);
        Assert.Equal("invalid", Refusal(seen, "wrongPartitioning").Reason);
        Assert.Equal((400, "invalid"), Refusal(seen, "unknownField"));
        Assert.Equal("invalidQuery", Refusal(seen, "badQuery").Reason);
        Assert.Equal("notFound", Refusal(seen, "absentInQuery").Reason);
        Assert.Equal(2, fake.Loads.Count);
    }

    private static (int? Code, string? Reason) Refusal(JsonNode seen, string step) =>
        ((int?)seen[step]!["code"], (string?)seen[step]!["reason"]);

    /// <summary>Installs exactly what the lock file says, once, beside the tests.</summary>
    private static async Task<string> InstallAsync()
    {
        var directory = Path.Combine(AppContext.BaseDirectory, "node");
        var lockFile = await File.ReadAllTextAsync(Path.Combine(directory, "package-lock.json"));
        var installed = Path.Combine(directory, "node_modules", ".pulse-installed");
        if (File.Exists(installed) && await File.ReadAllTextAsync(installed) == lockFile)
            return directory;
        await RunAsync(directory, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=5");
        await File.WriteAllTextAsync(installed, lockFile);
        return directory;
    }

    private static async Task<string> RunAsync(string directory, string program, params string[] arguments)
    {
        using var process = new Process();
        process.StartInfo = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw Requirement.Missing("node and npm are not installed; Google's client for Node needs them.");
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}: {await errors}");
        return await output;
    }
}
