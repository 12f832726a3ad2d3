using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Upgrade;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;
using Pulse.Testing.Earlier;

namespace Pulse.Actors.Tests.Storage.Upgrade;

/// <summary>A test with a database that the version before this one left.</summary>
public abstract class UpgradeTest(StorageKind kind, PostgresFixture postgres) : StorageTest(kind, postgres)
{
    private static readonly string[] Tables =
        ["deadLettersAggregation", .. RollupCatalog.BuiltIn.Select(rollup => rollup.TableName)];

    /// <summary>Puts the database in place.</summary>
    protected async Task<EarlierDatabase> RestoreAsync(bool isDrained = true)
    {
        var earlier = new EarlierDatabase(Kind, isDrained);
        await earlier.RestoreAsync(Storage.Options);
        return earlier;
    }

    /// <summary>Upgrades it as a node does.</summary>
    protected Task<UpgradedDatabase?> UpgradeAsync(
        GroupProgress progress, RollupCatalog? catalog = null, TimeSpan? windowLength = null) =>
        Storage.Open(catalog).UpgradeAsync(progress, new CountingRules { WindowLength = windowLength ?? Window.DefaultLength }, CancellationToken.None);

    /// <summary>Sees that it is refused in one line and that nothing is changed: the earlier version goes on in it.</summary>
    /// <returns>What the line says.</returns>
    protected async Task<string> RefusedAsync(GroupProgress progress, RollupCatalog? catalog = null, TimeSpan? windowLength = null)
    {
        var before = await EverythingAsync();

        var fault = await Assert.ThrowsAnyAsync<StorageException>(() => UpgradeAsync(progress, catalog, windowLength));

        Assert.StartsWith(Storage.Open().Description, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
        Assert.False(fault.IsTransient);
        Assert.Equal(before, await EverythingAsync());
        Assert.Null(await EarlierVersion.StartAsync(Storage.Options));
        return fault.Message;
    }

    /// <summary>All rows of the result tables.</summary>
    protected async Task<IReadOnlyList<string>> RowsAsync()
    {
        var rows = new List<string>();
        foreach (var table in Tables)
            rows.AddRange(await Storage.QueryAsync($"select '{table}', {table}.* from {table} order by 2, 3, 4"));
        return rows;
    }

    /// <summary>The journal's columns, as text.</summary>
    protected string JournalColumns => "persistence_id, sequence_number, "
        + (Kind == StorageKind.Sqlite ? "hex(message)" : "encode(message, 'hex')")
        + ", deleted, manifest, identifier, created, tags, writer_uuid";

    /// <summary>The names of all tables, and what is in them.</summary>
    protected async Task<IReadOnlyList<string>> EverythingAsync()
    {
        var names = await Storage.QueryAsync(Kind == StorageKind.Sqlite
            ? "select name from sqlite_master where type = 'table' and name not like 'sqlite%' order by name"
            : "select tablename from pg_tables where schemaname = 'public' order by tablename");
        var content = new List<string>();
        foreach (var name in names)
        {
            var columns = name.StartsWith("pulse_journal", StringComparison.Ordinal) ? JournalColumns : "*";
            content.AddRange((await Storage.QueryAsync($"select '{name}', {columns} from {name}")).Order(StringComparer.Ordinal));
        }

        return content;
    }
}
