using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Host.Cli;
using Pulse.Testing;

namespace Pulse.Host.Tests.Cli;

/// <summary>The export by hand: exit codes, and what it leaves.</summary>
public sealed class ExportCommandTests : IAsyncLifetime
{
    private readonly string _data = Directory.CreateTempSubdirectory("pulse-export-").FullName;

    public async ValueTask InitializeAsync()
    {
        await using var storage = Open();
        await storage.PrepareAsync(CountingRules.Default, CancellationToken.None);
        var rollup = RollupCatalog.BuiltIn[0];
        var rows = Enumerable.Range(1, 2).Select(day => new KeyCount(
            new RollupKey("PC", "Drama"), Window.EndingAt(new DateTime(2026, 1, day, 0, 5, 0, DateTimeKind.Utc)), day));
        await new BucketWriter(storage, RollupCatalog.Default).CountAsync(rollup, rows);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_data, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_dry_run_writes_nothing_a_run_writes_what_is_asked_for_and_the_next_leaves_it_alone()
    {
        Assert.Equal(0, await RunAsync("--dry-run"));
        Assert.Empty(Files());

        Assert.Equal(0, await RunAsync("--date", "2026-01-02", "--rollup", "viewsbydevicegenre"));
        var file = Assert.Single(Files());
        Assert.Contains("date=2026-01-02", file, StringComparison.Ordinal);
        var written = File.GetLastWriteTimeUtc(file);

        Assert.Equal(0, await RunAsync());
        Assert.Equal(2, Files().Length);
        Assert.Equal(written, File.GetLastWriteTimeUtc(file));
    }

    [Theory]
    [InlineData("--date", "2026-13-01")]
    [InlineData("--rollup", "viewsByNothing")]
    [InlineData("--surely", "not")]
    public async Task Wrong_usage_is_2_and_writes_nothing(params string[] arguments)
    {
        Assert.Equal(2, await RunAsync(arguments));
        Assert.Empty(Files());
    }

    [Fact]
    public async Task Storage_that_is_not_there_is_wrong_usage() =>
        Assert.Equal(2, await HostCommand.RunAsync(["export", "--data", Path.Combine(_data, "nowhere")]));

    [Fact]
    public async Task Storage_that_no_node_has_prepared_is_1_and_stays_as_it_is()
    {
        var directory = Directory.CreateDirectory(Path.Combine(_data, "empty")).FullName;
        var file = Path.Combine(directory, "pulse.db");
        await File.WriteAllBytesAsync(file, []);

        Assert.Equal(1, await HostCommand.RunAsync(["export", "--data", directory]));

        Assert.Equal(0, new FileInfo(file).Length);
    }

    private NodeStorage Open() => new(
        new StorageOptions(StorageKind.Sqlite, $"Data Source={Path.Combine(_data, "pulse.db")}"), RollupCatalog.Default);

    private Task<int> RunAsync(params string[] arguments) => HostCommand.RunAsync(["export", "--data", _data, .. arguments]);

    private string[] Files() => Directory.GetFiles(_data, "*.parquet", SearchOption.AllDirectories);
}
