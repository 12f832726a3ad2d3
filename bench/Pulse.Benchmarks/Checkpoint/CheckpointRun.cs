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

    /// <summary>Measures.</summary>
    /// <returns>The subjects, the reference first; the shape is part of the figures' names.</returns>
    public async Task<IReadOnlyList<Subject>> MeasureAsync(CheckpointShape shape, RollupCatalog catalog)
    {
        var (copied, server) = (await CreateAsync(), await CreateAsync());
        using var file = new TemporaryDatabase();
        await using var copy = new PlainCopy(copied.ConnectionString, shape);
        await using var statements = new StatementBenchmark(server, catalog, shape);
        await using var fileStatements = new StatementBenchmark(file.Storage, catalog, shape);
        var table = shape.Rollup.TableName;
        Run[] subjects =
        [
            new("COPY to PostgreSQL", copy, copied, PlainCopy.Table, [PlainCopy.Table]),
            new("statements, PostgreSQL", statements, server, table, [table, "pulse_bucket"]),
            new("statements, SQLite", fileStatements, file.Storage, table, []),
        ];
        foreach (var subject in subjects)
            await subject.Benchmark.PrepareAsync();
        for (var run = 0; run < WarmUps + runs; run++)
        {
            var window = Window.Containing(1_767_268_800_000 + (300_000L * run), 300);
            foreach (var subject in subjects)
            {
                var expense = await subject.Benchmark.StoreAsync(window);
                if (run >= WarmUps)
                    subject.Expenses.Add(expense);
            }
        }

        foreach (var subject in subjects)
            await VerifyAsync(subject, shape);
        return [.. await Task.WhenAll(subjects.Select(async subject => new Subject(
            subject.Name, await FiguresAsync(subject, shape))))];
    }

    private async Task<StorageOptions> CreateAsync() => new(StorageKind.Postgres, await postgres.CreateDatabaseAsync());

    private async Task<Figure[]> FiguresAsync(Run subject, CheckpointShape shape)
    {
        var expenses = subject.Expenses;
        Figure[] figures =
        [
            new($"{shape.Name}: ms", [.. expenses.Select(each => each.Wall.TotalMilliseconds)]),
            new($"{shape.Name}: rows/s", [.. expenses.Select(each => shape.Rows / each.Wall.TotalSeconds)]),
            new($"{shape.Name}: buckets/s", [.. expenses.Select(each => shape.Buckets.Count / each.Wall.TotalSeconds)]),
            new($"{shape.Name}: CPU, µs/row", [.. expenses.Select(each => each.Processor.TotalMicroseconds / shape.Rows)]),
            new($"{shape.Name}: allocated, bytes/row", [.. expenses.Select(each => (double)each.Allocated / shape.Rows)]),
        ];
        if (subject.Tables.Length == 0)
            return figures;

        var size = string.Join(" + ", subject.Tables.Select(table => $"pg_total_relation_size('{table}')"));
        var rows = (double)shape.Rows * (WarmUps + runs);
        return [.. figures, new($"{shape.Name}: on disk, bytes/row", await ScalarAsync(subject.Storage, $"select {size}") / rows)];
    }

    private async Task VerifyAsync(Run subject, CheckpointShape shape)
    {
        var expected = (double)shape.Rows * (WarmUps + runs);
        var counted = await ScalarAsync(subject.Storage, $"select sum(view_count) from {subject.Table}");
        if (counted != expected)
            throw new InvalidOperationException($"{subject.Name} holds {counted:#,0} of {expected:#,0} rows.");
    }

    private static async Task<double> ScalarAsync(StorageOptions storage, string sql)
    {
        await using DbConnection connection = storage.Kind == StorageKind.Postgres
            ? new NpgsqlConnection(storage.ConnectionString)
            : new SqliteConnection(storage.ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToDouble(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    /// <summary>One subject under measurement.</summary>
    /// <param name="Name">For people.</param>
    /// <param name="Benchmark">What stores.</param>
    /// <param name="Storage">Where.</param>
    /// <param name="Table">The table that the rows end in.</param>
    /// <param name="Tables">On a server, the tables whose size is compared.</param>
    private sealed record Run(string Name, ICheckpointSubject Benchmark, StorageOptions Storage, string Table, string[] Tables)
    {
        /// <summary>What each measured checkpoint cost.</summary>
        public List<Expense> Expenses { get; } = [];
    }
}
