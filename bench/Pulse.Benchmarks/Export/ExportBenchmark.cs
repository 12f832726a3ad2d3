using System.Diagnostics;
using Npgsql;
using Pulse.Actors.Coordination;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;
using Pulse.Testing.BigQuery;
using Pulse.Warehouse;
using Pulse.Warehouse.BigQuery;

namespace Pulse.Benchmarks.Export;

/// <summary>
/// Exports one day of one rollup, as the coordinator does, into the fake of BigQuery. The fake has a process of its own,
/// so that the memory measured is the exporter's.
/// </summary>
/// <param name="rows">The day's rows.</param>
/// <param name="fromPostgres">Whether they come from PostgreSQL; otherwise they are made up as they are read.</param>
internal sealed class ExportBenchmark(int rows, bool fromPostgres)
{
    private const int WindowsPerDay = 288;
    private const int Devices = 7;

    private static readonly DateOnly Date = new(2026, 1, 1);
    private static readonly Rollup Rollup = RollupCatalog.BuiltIn[0];

    public async Task<ExportResult> RunAsync(CancellationToken stop)
    {
        await using var postgres = new PostgresFixture();
        var read = fromPostgres ? await StoredAsync(postgres, stop) : (_, _, _) => MadeUpAsync();
        using var fake = Start();
        var address = await fake.StandardOutput.ReadLineAsync(stop)
            ?? throw new InvalidOperationException("The fake BigQuery did not start.");
        using var warehouse = new BigQueryWarehouse(new BigQueryOptions(FakeBigQuery.Project)
        {
            BaseUri = new Uri(address), Credentials = BigQueryCredentials.None,
        });

        using var self = Process.GetCurrentProcess();
        var idle = self.WorkingSet64;
        var processor = self.TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        var staged = TimeSpan.Zero;
        var exported = await new DateExport(warehouse, read).RunAsync(
            Rollup, Date, default, (_, _) => Task.CompletedTask,
            status => staged = status.Step == DateStep.Uploading && staged == TimeSpan.Zero ? watch.Elapsed : staged,
            stop);
        var total = watch.Elapsed;
        self.Refresh();
        var result = new ExportResult(
            fromPostgres ? "PostgreSQL" : "made up", exported.Rows, exported.Bytes, staged, total,
            self.TotalProcessorTime - processor, idle, self.PeakWorkingSet64);
        fake.StandardInput.Close();
        await fake.WaitForExitAsync(stop);
        return result;
    }

    private static Process Start()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
        };
        // Under "dotnet run" the process is the program itself; under "dotnet x.dll" it is dotnet.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(ExportBenchmark).Assembly.Location);
        start.ArgumentList.Add(ExportCommand.FakeVerb);
        return Process.Start(start)!;
    }

    private async IAsyncEnumerable<KeyCount> MadeUpAsync()
    {
        await Task.Yield();
        var midnight = Date.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);
        for (var index = 0; index < rows; index++)
        {
            // In the order of storage: by window, then by dimensions. New strings, as a driver hands them out.
            var window = (int)((long)index * WindowsPerDay / rows);
            yield return new KeyCount(
                new RollupKey($"device {index % Devices}", $"genre {index}"),
                Window.EndingAt(midnight.AddMinutes(5 * window)),
                1 + (index % 100));
        }
    }

    private async Task<Func<Rollup, DateOnly, CancellationToken, IAsyncEnumerable<KeyCount>>> StoredAsync(
        PostgresFixture postgres, CancellationToken stop)
    {
        var connectionString = await postgres.CreateDatabaseAsync();
        var storage = new NodeStorage(new StorageOptions(StorageKind.Postgres, connectionString), RollupCatalog.Default);
        await storage.PrepareAsync(CountingRules.Default, stop);
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(stop);
        await using var fill = connection.CreateCommand();
        fill.CommandTimeout = 0;
        fill.CommandText = $"""
            set timezone = 'UTC';
            insert into {Rollup.TableName}
            select 'device ' || i % {Devices}, 'genre ' || i, 1 + i % 100,
              timestamptz '2026-01-01 00:00Z' + (i::bigint * {WindowsPerDay} / {rows}) * interval '5 minutes'
            from generate_series(0, {rows} - 1) as i;
            analyze {Rollup.TableName};
            """;
        await fill.ExecuteNonQueryAsync(stop);
        return storage.Results.ReadAsync;
    }
}
