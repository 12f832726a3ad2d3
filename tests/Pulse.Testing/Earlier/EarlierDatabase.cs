using System.Collections.Immutable;
using System.IO.Compression;
using System.Text;
using Microsoft.Data.Sqlite;
using Npgsql;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Upgrade;

namespace Pulse.Testing.Earlier;

/// <summary>A database as the version before this one left it. The README beside this file says how they were made.</summary>
/// <param name="Kind">The kind of database.</param>
/// <param name="IsDrained">Whether its nodes were stopped with SIGTERM; else they were killed.</param>
public sealed record EarlierDatabase(StorageKind Kind, bool IsDrained)
{
    /// <summary>
    /// How the simulator produces the records again that the drained database on PostgreSQL counted: the same in each of four
    /// partitions.
    /// </summary>
    public static IReadOnlyList<string> PostgresSimulation { get; } =
    [
        "--events", "1000", "--rate", "200", "--seed", "7", "--start", "2026-11-25T22:30:00Z", "--speed-up", "900", "--skew", "1",
        "--bad", "0.02", "--late", "0.1",
    ];

    /// <summary>
    /// What Kafka said of its stream at its end. The broker of the databases on SQLite was embedded, and is gone: it says of
    /// another one that nothing is committed.
    /// </summary>
    public GroupProgress Progress => (Kind, IsDrained) switch
    {
        (StorageKind.Sqlite, _) => Of("5b9e2f0c-8a46-4b0f-9b55-9b2f3c1d7a10"),
        (_, true) => Of("ERpFd2yFSFOhn5EOIrqPZw/events-drained/Q3kUbWwxQKGrAXalt5hwVQ", 289, 248, 215, 248),
        (_, false) => Of("7F1mVhwJQNWiWuKAnkzkww/events-killed/us8OmE1DQ9qjRd8ks1s2vQ", 349, 303, 270, 309),
    };

    /// <summary>Puts it in the place of a database that is empty or, on SQLite, not there yet.</summary>
    public async Task RestoreAsync(StorageOptions options)
    {
        var name = $"{(Kind == StorageKind.Sqlite ? "sqlite" : "postgres")}-{(IsDrained ? "drained" : "killed")}";
        if (Kind == StorageKind.Sqlite)
        {
            var file = new SqliteConnectionStringBuilder(options.ConnectionString).DataSource;
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await using var content = Open($"{name}.db.gz");
            await using var target = File.Create(file);
            await content.CopyToAsync(target);
            return;
        }

        using var script = new StreamReader(Open($"{name}.sql.gz"), Encoding.UTF8);
        await using var connection = new NpgsqlConnection(options.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = await script.ReadToEndAsync();
        await command.ExecuteNonQueryAsync();
    }

    /// <inheritdoc />
    public override string ToString() => $"{(IsDrained ? "drained" : "killed")} on {Kind}";

    private static GroupProgress Of(string stream, params long[] offsets) =>
        new("group", stream, offsets.Index().ToImmutableDictionary(each => each.Index, each => each.Item));

    private static GZipStream Open(string name) => new(
        typeof(EarlierDatabase).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"There is no '{name}' in this assembly."),
        CompressionMode.Decompress);
}
