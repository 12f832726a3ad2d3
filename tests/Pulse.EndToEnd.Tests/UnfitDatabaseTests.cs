using Npgsql;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;

namespace Pulse.EndToEnd.Tests;

/// <summary>A database in which Pulse could not store is a mistake in the settings, found at start.</summary>
public sealed class UnfitDatabaseTests(PostgresFixture postgres) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData("LATIN9")]
    [InlineData("SQL_ASCII")]
    public async Task An_encoding_that_can_not_hold_every_text(string encoding)
    {
        var administration = await postgres.CreateDatabaseAsync();
        var name = $"pulse_{encoding.ToLowerInvariant()}_{Guid.NewGuid():N}";
        await OtherSession.ExecuteAsync(administration, $"create database {name} encoding '{encoding}' lc_collate 'C' lc_ctype 'C' template template0");

        await RefusedAsync(new NpgsqlConnectionStringBuilder(administration) { Database = name }, $"its encoding is {encoding}", "UTF8");
    }

    [Fact]
    public async Task A_user_without_rights()
    {
        var database = await postgres.CreateDatabaseAsync();
        var user = $"pulse_{Guid.NewGuid():N}";
        await OtherSession.ExecuteAsync(database, $"create role {user} login");

        await RefusedAsync(new NpgsqlConnectionStringBuilder(database) { Username = user }, "permission denied", "grant it CREATE on the schema");
    }

    [Fact]
    public async Task A_table_of_another_program()
    {
        var database = await postgres.CreateDatabaseAsync();
        await OtherSession.ExecuteAsync(database, "create table viewsByDeviceGenreAggregation (device_type text, genre text, views integer)");

        await RefusedAsync(
            new NpgsqlConnectionStringBuilder(database),
            "table viewsbydevicegenreaggregation has no column view_count", "table viewsbydevicegenreaggregation has no column window_end_utctime");
    }

    public void Dispose() => _directory.Dispose();

    private async Task RefusedAsync(NpgsqlConnectionStringBuilder database, params string[] words)
    {
        var environment = new Dictionary<string, string> { ["Pulse__Storage__ConnectionString"] = database.ConnectionString };
        await using var node = PulseProcess.Host(_directory, environment, "run", "--port", "0", "--data", "data", "--no-simulator");
        Assert.Equal(2, await node.ExitAsync(Limit));
        Assert.Empty(node.Output);
        var line = Assert.Single(node.Errors);
        Assert.StartsWith($"PostgreSQL database '{database.Database}' at ", line, StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, line, StringComparison.Ordinal));
    }
}
