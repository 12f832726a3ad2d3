using Npgsql;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Checkpoints;

public sealed class SqliteDatabaseFitTests(PostgresFixture postgres) : DatabaseFitTests(StorageKind.Sqlite, postgres)
{
    [Theory]
    [InlineData("alter table {0} rename column genre to kind", "table viewsbydevicegenreaggregation has no column genre")]
    [InlineData(
        "drop table {0}; create table {0} (device_type text, genre text, more text not null, view_count bigint, window_end_utctime text, "
        + "primary key (device_type, genre, window_end_utctime))",
        "column more of table viewsbydevicegenreaggregation has to be filled")]
    [InlineData(
        "drop table {0}; create table {0} (Device_Type varchar(300), genre text, view_count int, window_end_utctime text, "
        + "unique (window_end_utctime, genre, device_type))", null)]
    [InlineData(
        "drop table {0}; create table {0} (device_type text, genre text, view_count text, window_end_utctime text, "
        + "primary key (device_type, genre, window_end_utctime))",
        "column view_count of table viewsbydevicegenreaggregation is of type text and not bigint")]
    [InlineData(
        "drop table {0}; create table {0} (device_type text, genre text, view_count bigint, window_end_utctime text)",
        "table viewsbydevicegenreaggregation has no unique key of (device_type, genre, window_end_utctime)")]
    public Task A_table_of_another_shape(string damage, string? expected) => RefusedAsync(damage, expected);
}

public sealed class PostgresDatabaseFitTests(PostgresFixture postgres) : DatabaseFitTests(StorageKind.Postgres, postgres)
{
    [Theory]
    [InlineData("alter table {0} rename column genre to kind", "table viewsbydevicegenreaggregation has no column genre")]
    [InlineData("alter table {0} drop column window_end_utctime", "table viewsbydevicegenreaggregation has no column window_end_utctime")]
    [InlineData(
        "alter table {0} alter column view_count type integer",
        "column view_count of table viewsbydevicegenreaggregation is of type integer and not bigint")]
    [InlineData(
        "alter table {0} alter column window_end_utctime type timestamptz",
        "is of type timestamp with time zone and not timestamp without time zone")]
    [InlineData("alter table {0} add column more text not null", "column more of table viewsbydevicegenreaggregation has to be filled")]
    [InlineData(
        "alter table {0} drop constraint viewsbydevicegenreaggregation_pkey",
        "table viewsbydevicegenreaggregation has no unique key of (device_type, genre, window_end_utctime)")]
    [InlineData(
        "alter table {0} drop constraint viewsbydevicegenreaggregation_pkey; "
        + "create unique index other on {0} (window_end_utctime, genre, device_type)", null)]
    [InlineData("alter table {0} alter column genre type varchar(300)", null)]
    [InlineData("alter table {0} add column more text not null default ''", null)]
    public Task A_table_of_another_shape(string damage, string? expected) => RefusedAsync(damage, expected);

    [Theory]
    [InlineData("LATIN9")]
    [InlineData("SQL_ASCII")]
    [InlineData("KOI8R")]
    public async Task A_database_that_can_not_hold_every_text_is_refused_before_anything_is_created(string encoding)
    {
        var name = $"pulse_{encoding.ToLowerInvariant()}_{Guid.NewGuid():N}";
        await Storage.QueryAsync($"create database {name} encoding '{encoding}' lc_collate 'C' lc_ctype 'C' template template0");
        var other = new NpgsqlConnectionStringBuilder(Storage.Options.ConnectionString) { Database = name }.ConnectionString;
        await using var node = new NodeStorage(Storage.Options with { ConnectionString = other }, RollupCatalog.Default);

        var fault = await Assert.ThrowsAsync<UnfitDatabaseException>(() => node.PrepareAsync(CountingRules.Default, CancellationToken.None));

        Assert.Contains($"its encoding is {encoding}", fault.Message, StringComparison.Ordinal);
        Assert.Contains("UTF8", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
        Assert.False(await node.IsUsedAsync(CancellationToken.None));
    }

    [Theory]
    [InlineData(120_022, "12.22 (Debian)", "UTF8", "the server is PostgreSQL 12.22 (Debian), and Pulse needs 13 or later. Upgrade the server.")]
    [InlineData(90_624, "9.6.24", "LATIN1", "the server is PostgreSQL 9.6.24, and Pulse needs 13 or later. Upgrade the server.")]
    [InlineData(130_000, "13.0", "UTF8", null)]
    [InlineData(190_001, "19.1", "UTF8", null)]
    public void A_server_that_is_too_old(int version, string shown, string encoding, string? expected) =>
        Assert.Equal(expected, DatabaseServer.ObjectionTo(version, shown, encoding));

    [Theory]
    [InlineData("revoke insert on viewsByDeviceGenreAggregation from current_user", "INSERT on viewsbydevicegenreaggregation")]
    [InlineData("revoke update on pulse_bucket from current_user", "UPDATE on pulse_bucket")]
    [InlineData("revoke select on pulse_node from current_user", "SELECT on pulse_node")]
    public async Task An_owner_who_took_a_right_from_himself(string revoke, string lacking)
    {
        var user = $"pulse_{Guid.NewGuid():N}";
        await Storage.QueryAsync($"create role {user} login; grant create on schema public to {user}");
        var own = new NpgsqlConnectionStringBuilder(Storage.Options.ConnectionString) { Username = user }.ConnectionString;
        await using var node = new NodeStorage(Storage.Options with { ConnectionString = own }, RollupCatalog.Default);
        await node.PrepareAsync(CountingRules.Default, CancellationToken.None);
        await Storage.QueryAsync($"set role {user}; {revoke}");

        var fault = await Assert.ThrowsAsync<UnfitDatabaseException>(() => node.PrepareAsync(CountingRules.Default, CancellationToken.None));

        Assert.Contains($"the user lacks the right to {lacking}. ", fault.Message, StringComparison.Ordinal);
    }
}

/// <summary>What is found at start, before a row is refused: a database that a node could never store in.</summary>
public abstract class DatabaseFitTests(StorageKind kind, PostgresFixture postgres) : StorageTest(kind, postgres)
{
    protected async Task RefusedAsync(string damage, string? expected)
    {
        await Storage.OpenPreparedAsync();
        foreach (var statement in damage.Split("; "))
            await Storage.QueryAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, statement, "viewsByDeviceGenreAggregation"));
        var node = Storage.Open();
        if (expected is null)
        {
            await node.PrepareAsync(CountingRules.Default, CancellationToken.None);
            return;
        }

        var fault = await Assert.ThrowsAsync<UnfitDatabaseException>(() => node.PrepareAsync(CountingRules.Default, CancellationToken.None));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }
}
