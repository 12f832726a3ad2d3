using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Events;
using Pulse.Testing;
using Pulse.Testing.Earlier;

namespace Pulse.EndToEnd.Tests;

/// <summary>A node of the first edition that meets a database of this version ends with a line that says so, and changes nothing.</summary>
public sealed class FirstEditionTests(FirstEdition first, PostgresFixture postgres) : IClassFixture<FirstEdition>, IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData(StorageKind.Sqlite, false)]
    [InlineData(StorageKind.Sqlite, true)]
    [InlineData(StorageKind.Postgres, false)]
    [InlineData(StorageKind.Postgres, true)]
    public async Task It_ends_its_start_in_a_database_of_this_version(StorageKind kind, bool isUpgraded)
    {
        var host = await first.HostAsync();
        var database = await DatabaseAsync(kind);
        await PrepareAsync(database, isUpgraded);
        var before = await DatabaseContent.ReadAsync(database);

        await using var node = PulseProcess.HostAt(host, _directory, Environment(database), "run", "--port", "0", "--data", "data", "--no-simulator");
        var code = await node.ExitAsync(Limit);

        Assert.Equal(1, code);
        var said = Assert.Single(node.Errors);
        Assert.Contains("a later version of Pulse counts in this database, go on with that one", said, StringComparison.Ordinal);
        node.AssertNoStackTrace();
        Assert.Equal(before, await DatabaseContent.ReadAsync(database));
    }

    [Fact]
    public async Task It_goes_on_in_a_database_of_its_own()
    {
        var host = await first.HostAsync();
        var database = await DatabaseAsync(StorageKind.Sqlite);

        await using var node = PulseProcess.HostAt(host, _directory, Environment(database), "run", "--port", "0", "--data", "data", "--events", "100", "--exit-on-complete");

        Assert.Equal(0, await node.ExitAsync(Limit));
        Assert.Empty(node.Errors);
    }

    public void Dispose() => _directory.Dispose();

    private async Task<StorageOptions> DatabaseAsync(StorageKind kind) => kind == StorageKind.Sqlite
        ? new StorageOptions(kind, $"Data Source={Path.Combine(Directory.CreateDirectory(_directory["data"]).FullName, "pulse.db")}")
        : new StorageOptions(kind, await postgres.CreateDatabaseAsync());

    private static async Task PrepareAsync(StorageOptions database, bool isUpgraded)
    {
        await using var storage = new NodeStorage(database, RollupCatalog.Default);
        if (isUpgraded)
        {
            var earlier = new EarlierDatabase(database.Kind, IsDrained: true);
            await earlier.RestoreAsync(database);
            Assert.NotNull(await storage.UpgradeAsync(earlier.Progress, CountingRules.Default, CancellationToken.None));
        }

        await storage.PrepareAsync(CountingRules.Default, CancellationToken.None);
    }

    private static Dictionary<string, string> Environment(StorageOptions database) => database.Kind == StorageKind.Sqlite
        ? []
        : new() { ["Pulse__Storage__ConnectionString"] = database.ConnectionString };
}
