using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Npgsql;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>Storage that can be read and not written: an outage, told with its reason, during which pages go on, and which costs nothing.</summary>
public sealed partial class UnwritableStorageTests(KafkaFixture kafka, PostgresFixture postgres) : IDisposable
{
    private const int SmallDiskBytes = 24 * 1024 * 1024;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan NoticeLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RecoveryLimit = TimeSpan.FromSeconds(45);
    private readonly TestDirectory _directory = new();

    [Fact]
    public Task A_file_that_somebody_else_writes_to() => OnAFileAsync("another process keeps the file locked", async () =>
    {
        var other = new SqliteConnection($"Data Source={_directory["data/pulse.db"]};Pooling=False");
        await other.OpenAsync();
        var transaction = other.BeginTransaction(deferred: false);
        return async () =>
        {
            await transaction.DisposeAsync();
            await other.DisposeAsync();
        };
    });

    [Fact]
    public async Task A_file_that_somebody_else_writes_to_while_there_is_nothing_to_store()
    {
        var stream = await TestStream.CreateAsync(kafka);
        await using var node = PulseProcess.Host(_directory, stream.Environment(), "run", "--port", "0", "--data", "data");
        await Eventually.HoldsAsync("the node is ready", Limit, async () => await node.UnreadyAsync() is null);
        await using (var other = new SqliteConnection($"Data Source={_directory["data/pulse.db"]};Pooling=False"))
        {
            await other.OpenAsync();
            await using var transaction = other.BeginTransaction(deferred: false);
            Assert.Contains(
                "another process keeps the file locked", await ToldAsync(node, "another process keeps the file locked"), StringComparison.Ordinal);
        }

        await IsOverAsync(node);
    }

    [Fact]
    public async Task A_lock_that_somebody_else_holds_while_there_is_nothing_to_store()
    {
        var database = await postgres.CreateDatabaseAsync();
        var stream = await TestStream.CreateAsync(kafka);
        await using var node = PulseProcess.Host(
            _directory, stream.Environment(database, checkpointInterval: null), "run", "--port", "0", "--data", "data");
        await Eventually.HoldsAsync("the node is ready", Limit, async () => await node.UnreadyAsync() is null);
        await using (var other = new NpgsqlConnection(database + ";Pooling=false"))
        {
            await other.OpenAsync();
            await using var transaction = await other.BeginTransactionAsync();
            await using var command = new NpgsqlCommand("lock table pulse_node", other);
            await command.ExecuteNonQueryAsync();
            Assert.Contains("did not answer", await ToldAsync(node, "did not answer"), StringComparison.Ordinal);
        }

        await IsOverAsync(node);
    }

    [Fact]
    public async Task A_disk_that_is_full()
    {
        Directory.CreateDirectory(_directory["data"]);
        var (mounted, why) = await RunAsync("mount", "-t", "tmpfs", "-o", $"size={SmallDiskBytes}", "tmpfs", _directory["data"]);
        if (mounted != 0)
            throw Requirement.Missing($"A small disk needs the right to mount one: {why}");
        try
        {
            await OnAFileAsync("the disk is full", async () =>
            {
                var filler = _directory["data/filler"];
                await using (var file = File.Create(filler))
                    await FillAsync(file);
                return () =>
                {
                    File.Delete(filler);
                    return Task.CompletedTask;
                };
            });
        }
        finally
        {
            await RunAsync("umount", _directory["data"]);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Sessions_that_can_not_write(bool hasSeveralHosts)
    {
        var administration = await postgres.CreateDatabaseAsync();
        var role = $"pulse_{Guid.NewGuid():N}";
        await OtherSession.ExecuteAsync(administration, $"create role {role} login; grant create on schema public to {role}");
        using var nobody = new NobodysPort();
        var own = new NpgsqlConnectionStringBuilder(administration) { Username = role };
        if (hasSeveralHosts)
            own.Host = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{nobody.Port},127.0.0.1:{own.Port}");
        var stream = await TestStream.CreateAsync(kafka);
        await stream.ProduceAsync(10);
        await using var node = PulseProcess.Host(
            _directory, stream.Environment(own.ConnectionString, checkpointInterval: null), "run", "--port", "0", "--data", "data");
        await ExactCounts.StoredAsync(administration, 10, Limit);

        await OtherSession.ExecuteAsync(administration, $"alter role {role} set default_transaction_read_only = on");
        await OtherSession.ExecuteAsync(administration, $"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{role}'");
        await stream.ProduceAsync(10);
        await ToldAsync(node, "the server takes no writes: it is a replica, or default_transaction_read_only is on");
        await OtherSession.ExecuteAsync(administration, $"alter role {role} reset default_transaction_read_only");

        await ExactCounts.StoredAsync(administration, 20, RecoveryLimit);
        await IsOverAsync(node);
        await ExactCounts.AssertAsync(stream.Judge(), ResultTables.OfPostgres(administration));
    }

    public void Dispose() => _directory.Dispose();

    private async Task OnAFileAsync(string reason, Func<Task<Func<Task>>> takeAway)
    {
        var stream = await TestStream.CreateAsync(kafka);
        await stream.ProduceAsync(10);
        await using var node = PulseProcess.Host(_directory, stream.Environment(), "run", "--port", "0", "--data", "data");
        await node.AddressAsync();
        await StoredAsync(10);

        var giveBack = await takeAway();
        try
        {
            await stream.WriteAsync([new() { Value = EventOf("Zeppelin") }], partition: 0);
            Assert.Contains(reason, await ToldAsync(node, reason), StringComparison.Ordinal);
            // A key that nothing is stored of is shown all the same.
            await Eventually.HoldsAsync("the new key is shown", Limit, async () =>
                (await node.GetAsync("/api/rollups/viewsByDeviceGenre?device_type=Zeppelin")).Contains("Zeppelin", StringComparison.Ordinal));
            Assert.Equal(10, await LeastConsumedAsync());
        }
        finally
        {
            await giveBack();
        }

        await Eventually.HoldsAsync("all is stored", RecoveryLimit, async () => await LeastConsumedAsync() == 11);
        await IsOverAsync(node);
        await ExactCounts.AssertAsync(stream.Judge(), ResultTables.OfSqlite(_directory["data"]));
        node.Terminate();
        Assert.Equal(0, await node.ExitAsync(Limit));

        Task StoredAsync(long records) =>
            Eventually.HoldsAsync($"{records} records stored", Limit, async () => await LeastConsumedAsync() == records);

        async Task<long> LeastConsumedAsync() => File.Exists(_directory["data/pulse.db"])
            ? (await ResultTables.OfSqlite(_directory["data"]).BalanceAsync()).Select(rollup => rollup.Consumed).DefaultIfEmpty().Min()
            : 0;
    }

    private static async Task<string> ToldAsync(PulseProcess node, string reason)
    {
        await Eventually.HoldsAsync($"it is said that {reason}", NoticeLimit, async () =>
            (await node.StatusAsync()) is { StorageAvailable: false } status && status.StorageProblem!.Contains(reason, StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await node.HealthAsync("ready"));
        // Answers to scrapes are kept for a moment.
        await Eventually.HoldsAsync("the metric says it", Limit, async () => Unreachable().IsMatch(await node.GetAsync("/metrics")));
        await Eventually.HoldsAsync("the page says why", Limit, async () =>
            WebUtility.HtmlDecode(await node.GetAsync("/cluster")).Contains(reason, StringComparison.Ordinal));
        return await node.LineAsync("Storage is away;", Limit);
    }

    private static async Task IsOverAsync(PulseProcess node)
    {
        await Eventually.HoldsAsync("the node is ready", Limit, async () => await node.UnreadyAsync() is null);
        // A line is there a moment after what it tells.
        await node.LineAsync("Storage is back", Limit);
        Assert.Single(node.Output, line => line.Contains("Storage is away;", StringComparison.Ordinal));
        Assert.Single(node.Output, line => line.Contains("Storage is back", StringComparison.Ordinal));
        node.AssertNoStackTrace();
    }

    [GeneratedRegex(@"^pulse_storage_reachable(\{\})? 0$", RegexOptions.Multiline)]
    private static partial Regex Unreachable();

    private static byte[] EventOf(string device) => Encoding.UTF8.GetBytes(
        Encoding.UTF8.GetString(SampleRecords.Event(DateTimeOffset.UtcNow)).Replace("Mobile", device, StringComparison.Ordinal));

    private static async Task FillAsync(FileStream file)
    {
        var bytes = new byte[4096];
        try
        {
            while (true)
            {
                await file.WriteAsync(bytes);
                await file.FlushAsync();
            }
        }
        catch (IOException)
        {
            // It is full.
        }
    }

    private static async Task<(int ExitCode, string Said)> RunAsync(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            var said = await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            return (process.ExitCode, said.Trim());
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            return (-1, exception.Message);
        }
    }
}
