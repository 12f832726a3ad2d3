using Npgsql;
using Pulse.Actors.Storage;
using Pulse.Actors.Tests.Storage.Upgrade;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage;

/// <summary>A user of PostgreSQL who may do too little is told what a start needs, and what the line says is enough.</summary>
public sealed class RightsTests(PostgresFixture postgres) : UpgradeTest(StorageKind.Postgres, postgres)
{
    private const string Remedy = "make the user their owner, or grant it the role that owns them, and grant it CREATE on the schema.";

    private readonly string _user = $"pulse_{Guid.NewGuid():N}";
    private readonly string _owner = $"owner_{Guid.NewGuid():N}";

    [Fact]
    public async Task A_user_without_rights_needs_the_schema()
    {
        await CreateUserAsync();

        Assert.Contains(Remedy, await RefusedAsync(PrepareAsync), StringComparison.Ordinal);

        await Storage.QueryAsync($"grant create on schema public to {_user}");
        await PrepareAsync();
    }

    [Fact]
    public async Task Grants_on_the_tables_of_another_owner_are_not_enough_for_a_start_and_its_role_is()
    {
        await CreateUserAsync();
        await Storage.OpenPreparedAsync();
        await GrantAllAsync();

        Assert.Contains(Remedy, await RefusedAsync(PrepareAsync), StringComparison.Ordinal);

        await Storage.QueryAsync($"grant {_owner} to {_user}");
        await PrepareAsync();
    }

    [Fact]
    public async Task Grants_on_the_tables_of_another_owner_are_not_enough_for_an_upgrade_and_its_role_is()
    {
        await CreateUserAsync();
        var earlier = await RestoreAsync();
        await GrantAllAsync();

        Assert.Contains(Remedy, await RefusedAsync(UpgradeAsUserAsync), StringComparison.Ordinal);

        await Storage.QueryAsync($"grant {_owner} to {_user}");
        await UpgradeAsUserAsync();

        Task UpgradeAsUserAsync() => WithUserAsync(
            node => node.UpgradeAsync(earlier.Progress, CountingRules.Default, CancellationToken.None));
    }

    private Task PrepareAsync() => WithUserAsync(node => node.PrepareAsync(CountingRules.Default, CancellationToken.None));

    private static async Task<string> RefusedAsync(Func<Task> start)
    {
        var fault = await Assert.ThrowsAsync<UnfitDatabaseException>(start);
        Assert.DoesNotContain('\n', fault.Message);
        Assert.False(fault.IsTransient);
        return fault.Message;
    }

    private async Task WithUserAsync(Func<NodeStorage, Task> start)
    {
        var connection = new NpgsqlConnectionStringBuilder(Storage.Options.ConnectionString) { Username = _user };
        await using var node = new NodeStorage(Storage.Options with { ConnectionString = connection.ConnectionString }, RollupCatalog.Default);
        await start(node);
    }

    private async Task CreateUserAsync()
    {
        await Storage.QueryAsync($"create role {_owner}");
        await Storage.QueryAsync($"create role {_user} login");
    }

    // Everything that can be granted, to a user who owns nothing.
    private async Task GrantAllAsync()
    {
        foreach (var table in await Storage.QueryAsync("select tablename from pg_tables where schemaname = 'public'"))
            await Storage.QueryAsync($"alter table {table} owner to {_owner}");
        await Storage.QueryAsync($"grant all on schema public to {_user}");
        await Storage.QueryAsync($"grant all on all tables in schema public to {_user}");
        await Storage.QueryAsync($"grant all on all sequences in schema public to {_user}");
    }
}
