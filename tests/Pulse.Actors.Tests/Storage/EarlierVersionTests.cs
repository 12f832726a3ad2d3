using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage;

public sealed class SqliteEarlierVersionTests(PostgresFixture postgres) : EarlierVersionTests(StorageKind.Sqlite, postgres);

public sealed class PostgresEarlierVersionTests(PostgresFixture postgres) : EarlierVersionTests(StorageKind.Postgres, postgres);

/// <summary>No version counts in a database of the other, and neither changes it.</summary>
public abstract class EarlierVersionTests(StorageKind kind, PostgresFixture postgres) : StorageTest(kind, postgres)
{
    [Fact]
    public async Task A_database_of_an_earlier_version_is_not_used_before_it_is_upgraded()
    {
        CreateDirectory();
        Assert.Null(await EarlierVersion.StartAsync(Storage.Options));
        var before = await TablesAsync();

        foreach (var fault in (StorageException[])[await PrepareFaultAsync(), await OpenFaultAsync()])
        {
            Assert.StartsWith(Storage.Open().Description, fault.Message, StringComparison.Ordinal);
            Assert.Contains("was written by an earlier version of Pulse", fault.Message, StringComparison.Ordinal);
            Assert.Contains("Start a node of this version first, which upgrades it.", fault.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', fault.Message);
            Assert.False(fault.IsTransient);
        }

        Assert.Equal(before, await TablesAsync());
        Assert.Null(await EarlierVersion.StartAsync(Storage.Options));
    }

    [Theory]
    [InlineData("bucket/viewsByDeviceGenre/3", true)]
    [InlineData("coordinator", false)]
    public async Task A_journal_of_buckets_alone_is_refused_too(string persistenceId, bool isRefused)
    {
        CreateDirectory();
        await EarlierVersion.StartAsync(Storage.Options);
        await Storage.QueryAsync("drop table pulse_declarations");
        await Storage.QueryAsync("insert into pulse_journal (created, deleted, persistence_id, sequence_number, message) "
            + $"values (0, {(Kind == StorageKind.Sqlite ? "0" : "false")}, '{persistenceId}', 1, '')");

        if (isRefused)
            Assert.Contains("earlier version", (await PrepareFaultAsync()).Message, StringComparison.Ordinal);
        else
            await Storage.OpenPreparedAsync();
    }

    [Fact]
    public async Task An_earlier_version_ends_its_start_with_a_line_that_names_the_later_one_and_changes_nothing()
    {
        await Storage.OpenPreparedAsync();
        var before = await TablesAsync();

        var refusal = await EarlierVersion.StartAsync(Storage.Options);

        Assert.NotNull(refusal);
        Assert.Contains("a later version of Pulse counts in this database, go on with that one", refusal, StringComparison.Ordinal);
        Assert.Equal(before, await TablesAsync());
        Assert.Equal(["window length"], await Storage.QueryAsync("select name from pulse_declarations"));
        await Storage.OpenPreparedAsync();
    }

    private async Task<StorageException> PrepareFaultAsync() => await Assert.ThrowsAsync<StorageException>(
        () => Storage.Open().PrepareAsync(CountingRules.Default, CancellationToken.None));

    private async Task<StorageException> OpenFaultAsync() => await Assert.ThrowsAsync<StorageException>(
        () => Storage.Open().OpenAsync(CountingRules.Default, CancellationToken.None));

    private Task<IReadOnlyList<string>> TablesAsync() => Storage.QueryAsync(Kind == StorageKind.Sqlite
        ? "select name from sqlite_master where type in ('table', 'index') order by name"
        : "select relname from pg_class where relnamespace = 'public'::regnamespace order by relname");

    // The earlier version's own start creates a file's directory.
    private void CreateDirectory()
    {
        if (Kind == StorageKind.Sqlite)
            StorageAddress.Parse(Storage.Options).CreateDirectory();
    }
}
