using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Checkpoints;

public sealed class SqliteCheckpointSchemaTests(PostgresFixture postgres) : CheckpointSchemaTests(StorageKind.Sqlite, postgres);

public sealed class PostgresCheckpointSchemaTests(PostgresFixture postgres) : CheckpointSchemaTests(StorageKind.Postgres, postgres)
{
    [Fact]
    public async Task A_node_that_saw_an_empty_database_and_had_to_wait_finds_what_the_one_before_it_created()
    {
        await NodesThatWaited.StartAsync(Storage, (node, token) => node.PrepareAsync(CountingRules.Default, token));

        Assert.Equal(["49"], await Storage.QueryAsync("select count(*) from pulse_bucket"));
    }
}

/// <summary>How a database comes to its schema, its versions and its buckets.</summary>
public abstract class CheckpointSchemaTests(StorageKind kind, PostgresFixture postgres) : StorageTest(kind, postgres)
{
    private const string All =
        "rollups viewsByDeviceGenre, viewsByGenderAgeGroup, viewsByLocationMR, viewsByTitle, deadLetters were counted";

    [Fact]
    public async Task Every_bucket_of_a_version_has_a_row_at_no_position()
    {
        await PrepareAsync(Declared(buckets: 3));

        Assert.Equal(
            ["deadLetters|0|", .. RollupCatalog.BuiltIn.SelectMany(rollup => Buckets(rollup.Name, 16)), .. Titles(3)],
            await Storage.QueryAsync("select rollup, bucket, positions from pulse_bucket join pulse_version using (version) "
                + "where counted = 0 and late = 0 and dead = 0 and filtered = 0 and consumed = 0 order by rollup, bucket"));
        Assert.Equal(["52"], await Storage.QueryAsync("select count(distinct checkpoint) from pulse_bucket"));
    }

    [Fact]
    public async Task A_version_is_stored_with_its_declaration_and_the_digest_of_it()
    {
        await PrepareAsync(Declared(buckets: 3));

        var row = Assert.Single(await Storage.QueryAsync(
            "select table_name, declaration, digest from pulse_version where rollup = 'viewsByTitle'")).Split('|');

        Assert.Equal("viewsbytitleaggregation", row[0]);
        Assert.Equal(
            "rollup viewsByTitle; dimensions content_name = text ContentName, language = text Language; buckets 3; keys 1000000; "
            + "window 300 s; skew 300000 ms; lateness unlimited; "
            + "required DeviceType, Genre, UserGender, UserAge, UserLocation, MaturityRating; rules 1",
            row[1]);
        Assert.Equal(
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(row[1]))), row[2]);
    }

    [Fact]
    public async Task Preparing_again_changes_nothing()
    {
        await PrepareAsync(Declared(buckets: 3));
        var before = await ContentAsync();

        await PrepareAsync(Declared(buckets: 3));

        Assert.Equal(before, await ContentAsync());
    }

    [Fact]
    public async Task Many_nodes_prepare_an_empty_database_at_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => PrepareAsync(Declared(buckets: 3))));

        Assert.Equal(["52"], await Storage.QueryAsync("select count(*) from pulse_bucket"));
        Assert.Equal(["1|2|3|4|5"], [string.Join('|', await Storage.QueryAsync("select version from pulse_version order by version"))]);
        Assert.Equal(
            SchemaStep.All.Select(step => $"{step.Number}"), await Storage.QueryAsync("select step from pulse_schema order by step"));
    }

    [Theory]
    [InlineData("bucket = 2", "has 2 of the 3 rows of rollup 'viewsByTitle'")]
    [InlineData("true", "has 0 of the 3 rows of rollup 'viewsByTitle'")]
    public async Task Rows_that_are_gone_are_not_counted_once_more_from_the_start(string which, string expected)
    {
        await PrepareAsync(Declared(buckets: 3));
        await Storage.QueryAsync(
            $"delete from pulse_bucket where {which} and version = (select version from pulse_version where rollup = 'viewsByTitle')");
        var before = await ContentAsync();

        var fault = await Assert.ThrowsAsync<StorageException>(() => PrepareAsync(Declared(buckets: 3)));

        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.Contains("Restore the whole database from a backup", fault.Message, StringComparison.Ordinal);
        Assert.Equal(before, await ContentAsync());
    }

    [Fact]
    public async Task A_rollup_added_later_gets_its_buckets_and_the_others_keep_theirs()
    {
        await PrepareAsync(RollupCatalog.Default);
        var before = await ContentAsync();

        await PrepareAsync(Declared(buckets: 2));

        var after = await ContentAsync();
        Assert.Empty(before.Except(after));
        Assert.Equal(1 + 2, after.Count - before.Count);
    }

    [Theory]
    [InlineData(4, 300, 300, 60, "rollup viewsByTitle was counted", "buckets was '3' and is now '4' (Buckets in Pulse:Rollups)")]
    [InlineData(3, 60, 300, 60, All, "window was '300 s' and is now '60 s' (Pulse:Window)")]
    [InlineData(3, 300, 0, 60, All, "skew was '300000 ms' and is now '0 ms' (Pulse:MaximumSkew)")]
    [InlineData(3, 300, 300, 90, All, "lateness was '60000 ms' and is now '90000 ms' (Pulse:AllowedLateness)")]
    [InlineData(3, 300, 300, null, All, "lateness was '60000 ms' and is now 'unlimited' (Pulse:AllowedLateness)")]
    public async Task What_is_declared_otherwise_is_refused_once_in_a_line_that_says_what_differs_and_nothing_changes(
        int buckets, int windowSeconds, int skewSeconds, int? latenessSeconds, string rollups, string change)
    {
        await PrepareAsync(Declared(buckets: 3), new CountingRules { AllowedLateness = TimeSpan.FromMinutes(1) });
        var before = await ContentAsync();

        var fault = await Assert.ThrowsAsync<DeclaredOtherwiseException>(() => PrepareAsync(
            Declared(buckets),
            new CountingRules
            {
                WindowLength = TimeSpan.FromSeconds(windowSeconds),
                MaximumSkew = TimeSpan.FromSeconds(skewSeconds),
                AllowedLateness = latenessSeconds is { } late ? TimeSpan.FromSeconds(late) : null,
            }));

        Assert.All(
            [rollups, change, "configure what differs as before", "another name", "'pulse rebuild --rollup "],
            part => Assert.Equal(2, fault.Message.Split(part).Length));
        Assert.DoesNotContain('\n', fault.Message);
        Assert.False(fault.IsTransient);
        Assert.Equal(before, await ContentAsync());
    }

    [Fact]
    public async Task A_declaration_of_other_decoding_rules_or_an_older_form_is_refused_by_what_differs()
    {
        await PrepareAsync(Declared(buckets: 3));
        await Storage.QueryAsync("update pulse_version set declaration = replace(declaration, 'rules 1', 'rules 2'), digest = 'a' "
            + "where rollup = 'viewsByTitle'");
        await Storage.QueryAsync("update pulse_version set declaration = replace(declaration, '; skew 300000 ms', ''), digest = 'b' "
            + "where rollup = 'deadLetters'");

        var fault = await Assert.ThrowsAsync<DeclaredOtherwiseException>(() => PrepareAsync(Declared(buckets: 3)));

        Assert.Contains("rollup viewsByTitle was counted under another declaration: rules was '2' and is now '1'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("rollup deadLetters was counted under another declaration: skew was 'not declared' and is now '300000 ms'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rollup_declared_otherwise_in_other_letters_is_refused_since_tables_have_none()
    {
        await PrepareAsync(Declared(buckets: 3));
        Assert.Empty(RollupCatalog.TryCreate(
            [new RollupDeclaration { Name = "VIEWSByTitle", Dimensions = ["content_name", "language"], Buckets = 3 }], out var other));

        var fault = await Assert.ThrowsAsync<DeclaredOtherwiseException>(() => PrepareAsync(other));

        Assert.Contains("rollup was 'viewsByTitle' and is now 'VIEWSByTitle'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prepared_database_is_opened_as_it_is()
    {
        await PrepareAsync(Declared(buckets: 3));
        var before = await ContentAsync();
        await using var store = CheckpointStores.For(Storage.Options, Declared(buckets: 3));

        await store.OpenAsync(CountingRules.Default, CancellationToken.None);

        await using (var snapshot = await store.ReadSnapshotAsync(CancellationToken.None))
            Assert.Equal(await Storage.QueryAsync("select count(*) from pulse_bucket"), [$"{snapshot.Buckets.Count}"]);
        Assert.Equal(before, await ContentAsync());
    }

    [Fact]
    public async Task A_database_that_no_node_has_prepared_is_not_opened()
    {
        await Storage.OpenPreparedAsync();

        await using var withMore = CheckpointStores.For(Storage.Options, Declared(buckets: 3));
        var absent = await Assert.ThrowsAsync<StorageException>(
            () => withMore.OpenAsync(CountingRules.Default, CancellationToken.None));
        var changed = await Assert.ThrowsAsync<DeclaredOtherwiseException>(
            () => Storage.Open().OpenAsync(new CountingRules { WindowLength = TimeSpan.FromMinutes(1) }, CancellationToken.None));

        Assert.Contains("'viewsByTitle' is not counted in it", absent.Message, StringComparison.Ordinal);
        Assert.Contains("window was '300 s'", changed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_of_a_newer_schema_is_refused_in_one_line_that_says_what_to_do()
    {
        await PrepareAsync(RollupCatalog.Default);
        await Storage.QueryAsync($"insert into pulse_schema (step) values ({SchemaStep.All[^1].Number + 1})");

        var fault = await Assert.ThrowsAsync<StorageException>(() => PrepareAsync(RollupCatalog.Default));

        Assert.Contains($"its schema has version {SchemaStep.All[^1].Number + 1}", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Run the version of Pulse", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
        Assert.False(fault.IsTransient);
    }

    [Fact]
    public void Steps_are_numbered_from_one_without_a_gap() =>
        Assert.Equal(Enumerable.Range(1, SchemaStep.All.Count), SchemaStep.All.Select(step => step.Number));

    private static IEnumerable<string> Titles(int buckets) => Buckets("viewsByTitle", buckets);

    private static IEnumerable<string> Buckets(string rollup, int buckets) =>
        Enumerable.Range(0, buckets).Select(bucket => $"{rollup}|{bucket}|");

    private static RollupCatalog Declared(int buckets)
    {
        var mistakes = RollupCatalog.TryCreate(
            [new RollupDeclaration { Name = "viewsByTitle", Dimensions = ["content_name", "language"], Buckets = buckets }],
            out var catalog);
        return mistakes.Count == 0 ? catalog : throw new InvalidOperationException(mistakes[0]);
    }

    private async Task PrepareAsync(RollupCatalog catalog, CountingRules? rules = null)
    {
        await using var store = CheckpointStores.For(Storage.Options, catalog);
        await store.PrepareAsync(rules ?? CountingRules.Default, CancellationToken.None);
    }

    private async Task<IReadOnlyList<string>> ContentAsync()
    {
        var checkpoint = Kind == StorageKind.Sqlite ? "hex(checkpoint)" : "checkpoint";
        return
        [
            .. await Storage.QueryAsync($"select version, bucket, {checkpoint}, generation from pulse_bucket order by version, bucket"),
            .. await Storage.QueryAsync("select * from pulse_version order by version"),
            .. await Storage.QueryAsync("select * from pulse_schema"),
        ];
    }
}
