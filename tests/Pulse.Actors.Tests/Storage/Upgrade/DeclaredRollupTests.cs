using Pulse.Actors.Storage;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Upgrade;

/// <summary>
/// A rollup that was declared before, with two hashed buckets and so few keys that most events are in <c>(other #n)</c>: whether
/// it is configured at the upgrade or not, its table is counted on from where it stands.
/// </summary>
public sealed class DeclaredRollupTests(PostgresFixture postgres) : UpgradeTest(StorageKind.Sqlite, postgres)
{
    private const string Rows = "select * from viewsByTitleAggregation order by 1, 2, 4";
    private const string Buckets = "select bucket, positions, counted, checkpoint is not null from pulse_bucket "
        + "join pulse_version using (version) where rollup = 'viewsByTitle' order by bucket";

    [Theory]
    [InlineData(true, 5)]
    [InlineData(false, 2)]
    public async Task It_stands_where_the_others_do(bool isConfigured, int buckets)
    {
        var earlier = await RestoreAsync();
        var before = await Storage.QueryAsync(Rows);
        Assert.Contains(before, row => row.StartsWith("(other #", StringComparison.Ordinal));

        await UpgradeAsync(earlier.Progress, isConfigured ? Declared(buckets) : null);
        var rows = await Storage.QueryAsync(Buckets);
        await Storage.OpenPreparedAsync(Declared(buckets));

        Assert.Equal(rows, await Storage.QueryAsync(Buckets));
        Assert.Equal(buckets, rows.Count);
        Assert.Equal(before, await Storage.QueryAsync(Rows));
        Assert.Equal(["1"], await Storage.QueryAsync("select count(distinct positions) from pulse_bucket"));
        Assert.Equal(
            await Storage.QueryAsync("select sum(view_count) from viewsByTitleAggregation"),
            await Storage.QueryAsync("select sum(counted) from pulse_bucket join pulse_version using (version) where rollup = 'viewsByTitle'"));
    }

    [Fact]
    public async Task With_other_dimensions_the_upgrade_is_refused()
    {
        var earlier = await RestoreAsync();

        var line = await RefusedAsync(earlier.Progress, Declared(2, "content_name"));

        Assert.Contains(
            "dimensions was 'content_name = text ContentName, language = text Language' and is now 'content_name = text ContentName'",
            line,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_new_with_this_version_is_counted_from_the_start()
    {
        var earlier = await RestoreAsync();
        Assert.Empty(RollupCatalog.TryCreate([new RollupDeclaration { Name = "viewsByGenre", Dimensions = ["genre"] }], out var catalog));

        await UpgradeAsync(earlier.Progress, catalog);

        Assert.Equal(["|"], await Storage.QueryAsync(
            "select distinct positions, base from pulse_bucket join pulse_version using (version) where rollup = 'viewsByGenre'"));
    }

    private static RollupCatalog Declared(int buckets, params string[] dimensions)
    {
        var declaration = new RollupDeclaration
        {
            Name = "viewsByTitle", Dimensions = dimensions is [] ? ["content_name", "language"] : dimensions, Buckets = buckets,
        };
        Assert.Empty(RollupCatalog.TryCreate([declaration], out var catalog));
        return catalog;
    }
}
