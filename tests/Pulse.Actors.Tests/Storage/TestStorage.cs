using Microsoft.Data.Sqlite;
using Npgsql;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage;

/// <summary>An empty database of either kind for one test.</summary>
public sealed class TestStorage : IAsyncDisposable
{
    private readonly string? _directory;
    private readonly List<NodeStorage> _nodes = [];

    private TestStorage(StorageOptions options, string? directory)
    {
        Options = options;
        _directory = directory;
    }

    public StorageOptions Options { get; }

    public static async Task<TestStorage> CreateAsync(StorageKind kind, PostgresFixture postgres)
    {
        if (kind == StorageKind.Postgres)
            return new TestStorage(new StorageOptions(kind, await postgres.CreateDatabaseAsync()), null);

        var directory = Directory.CreateTempSubdirectory("pulse-storage-").FullName;
        var file = Path.Combine(directory, "made", "with", "its", "directories", "pulse.db");
        return new TestStorage(new StorageOptions(kind, $"Data Source={file}"), directory);
    }

    /// <summary>The same with all tables, as a node finds it.</summary>
    public static async Task<TestStorage> CreatePreparedAsync(StorageKind kind, PostgresFixture postgres)
    {
        var storage = await CreateAsync(kind, postgres);
        await storage.OpenPreparedAsync();
        return storage;
    }

    /// <summary>The storage of one more node; closed with this.</summary>
    /// <param name="catalog">Its rollups; null for the built-in ones.</param>
    public NodeStorage Open(RollupCatalog? catalog = null)
    {
        var node = new NodeStorage(Options, catalog ?? RollupCatalog.Default);
        _nodes.Add(node);
        return node;
    }

    /// <summary>The same, prepared.</summary>
    public async Task<NodeStorage> OpenPreparedAsync(RollupCatalog? catalog = null)
    {
        var node = Open(catalog);
        await node.PrepareAsync(CountingRules.Default, CancellationToken.None);
        return node;
    }

    /// <summary>Looks into the database past Pulse's own code; columns of a row are joined with <c>|</c>.</summary>
    public async Task<IReadOnlyList<string>> QueryAsync(string sql)
    {
        await using System.Data.Common.DbConnection connection = Options.Kind == StorageKind.Postgres
            ? new NpgsqlConnection(Options.ConnectionString)
            : new SqliteConnection(Options.ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount)
                .Select(index => FormattableString.Invariant($"{reader.GetValue(index)}"))));
        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        if (_directory is not null)
            Directory.Delete(_directory, recursive: true);
    }
}
