using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Npgsql;
using Pulse.Actors.Storage;
using Pulse.Benchmarks.Nodes;
using Pulse.Benchmarks.Reporting;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Benchmarks.Checkpoint;

/// <summary>Measures all subjects in one shape, in turns.</summary>
/// <param name="postgres">The server.</param>
/// <param name="runs">How many checkpoints are measured.</param>
internal sealed class CheckpointRun(PostgresFixture postgres, int runs)
{
    private const int WarmUps = 1;
    private static readonly string[] Names = ["COPY to PostgreSQL", "PostgreSQL", "SQLite"];

    /// <summary>Measures.</summary>
    /// <returns>The subjects, the reference first; the shape is part of the figures' names.</returns>
    public async Task<IReadOnlyList<Subject>> MeasureAsync(CheckpointShape shape, RollupCatalog catalog)
    {
        var server = new StorageOptions(StorageKind.Postgres, await postgres.CreateDatabaseAsync());
        using var file = new TemporaryDatabase();
        await using var serverNode = await BucketNode.StartAsync(server, catalog);
        await using var fileNode = await BucketNode.StartAsync(file.Storage, catalog);
        await using var copy = new PlainCopy(server.ConnectionString, shape);
        ICheckpointSubject[] subjects =
            [copy, new CheckpointBenchmark(serverNode, shape), new CheckpointBenchmark(fileNode, shape)];
        var expenses = new List<Expense>[] { [], [], [] };
        foreach (var subject in subjects)
            await subject.PrepareAsync();
        for (var run = 0; run < WarmUps + runs; run++)
        {
            var window = Window.Containing(1_767_268_800_000 + (300_000L * run), 300);
            for (var index = 0; index < subjects.Length; index++)
            {
                var expense = await subjects[index].StoreAsync(window);
                if (run >= WarmUps)
                    expenses[index].Add(expense);
            }
        }

        var rows = (double)shape.Rows * (WarmUps + runs);
        await VerifyAsync(server, shape, catalog, rows);
        await VerifyAsync(file.Storage, shape, catalog, rows);
        const string events = $"select sum(length(message)) from {PersistenceConfiguration.JournalTable}";
        return
        [
            new(Names[0], [.. Figures(shape, expenses[0]), OnDisk(await ServerAsync(Size(PlainCopy.Table)))]),
            new(Names[1],
            [
                .. Figures(shape, expenses[1]),
                OnDisk(await ServerAsync(Size(PersistenceConfiguration.JournalTable))),
                Stored(await ServerAsync(events)),
            ]),
            new(Names[2], [.. Figures(shape, expenses[2]), Stored(await FileAsync(events))]),
        ];

        Figure OnDisk(double bytes) => new($"{shape.Name}: journal's table and index, bytes/row", bytes / rows);
        Figure Stored(double bytes) => new($"{shape.Name}: journal's events alone, bytes/row", bytes / rows);
        Task<double> ServerAsync(string sql) => ScalarAsync(new NpgsqlConnection(server.ConnectionString), sql);
        Task<double> FileAsync(string sql) => ScalarAsync(new SqliteConnection(file.Storage.ConnectionString), sql);
    }

    private static string Size(string table) => $"select pg_total_relation_size('{table}')";

    private static Figure[] Figures(CheckpointShape shape, IReadOnlyList<Expense> expenses) =>
    [
        new($"{shape.Name}: ms", [.. expenses.Select(each => each.Wall.TotalMilliseconds)]),
        new($"{shape.Name}: rows/s", [.. expenses.Select(each => shape.Rows / each.Wall.TotalSeconds)]),
        new($"{shape.Name}: buckets/s", [.. expenses.Select(each => shape.Buckets.Count / each.Wall.TotalSeconds)]),
        new($"{shape.Name}: CPU, µs/row", [.. expenses.Select(each => each.Processor.TotalMicroseconds / shape.Rows)]),
        new($"{shape.Name}: allocated, bytes/row", [.. expenses.Select(each => (double)each.Allocated / shape.Rows)]),
    ];

    private static async Task VerifyAsync(StorageOptions storage, CheckpointShape shape, RollupCatalog catalog, double rows)
    {
        var totals = await new ResultStore(storage, catalog).TotalsAsync(shape.Rollup, CancellationToken.None);
        if (totals.Counted != rows)
            throw new InvalidOperationException($"{storage} holds {totals.Counted:#,0} of {rows:#,0} rows.");
    }

    private static async Task<double> ScalarAsync(DbConnection connection, string sql)
    {
        await using var opened = connection;
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToDouble(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }
}
