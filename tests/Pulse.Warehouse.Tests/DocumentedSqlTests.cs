using Pulse.Events;
using Pulse.Testing.BigQuery;
using Pulse.Warehouse.BigQuery;

namespace Pulse.Warehouse.Tests;

/// <summary>The SQL that docs/bigquery.md tells people to run, on tables as Pulse makes them.</summary>
public sealed class DocumentedSqlTests : IAsyncLifetime
{
    private FakeBigQuery _fake = null!;
    private BigQueryWarehouse _warehouse = null!;

    public async ValueTask InitializeAsync()
    {
        _fake = await FakeBigQuery.StartAsync();
        _warehouse = new BigQueryWarehouse(Counts.Options(_fake));
        foreach (var rollup in RollupCatalog.BuiltIn)
            await _warehouse.PrepareAsync(rollup, CancellationToken.None);
        await Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear));
    }

    public async ValueTask DisposeAsync()
    {
        _warehouse.Dispose();
        await _fake.DisposeAsync();
    }

    [Fact]
    public async Task Every_file_runs_and_the_dashboards_views_have_the_columns_that_the_page_names()
    {
        using var client = await BigQueryClient.CreateAsync(Counts.Options(_fake), CancellationToken.None);
        var files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "sql"), "*.sql").Order(StringComparer.Ordinal).ToList();
        Assert.Equal(4, files.Count);
        foreach (var file in files)
        {
            var sql = string.Join('\n', (await File.ReadAllLinesAsync(file)).Where(line => !line.StartsWith("--", StringComparison.Ordinal)))
                .Replace("PROJECT", FakeBigQuery.Project, StringComparison.Ordinal);
            await client.ExecuteQueryAsync(sql.TrimEnd().TrimEnd(';'), [], null, CancellationToken.None);
        }

        Assert.Equal(
            ["20|210|0|288"],
            await QueryAsync(client, "SELECT COUNT(*), SUM(view_count), MIN(hour_of_day), 288 "
                + $"FROM `{FakeBigQuery.Project}.{Counts.Dataset}.dashboard_device_genre`"));
        Assert.Equal(
            ["0"],
            await QueryAsync(client, $"SELECT COUNT(age_group) FROM `{FakeBigQuery.Project}.{Counts.Dataset}.dashboard_age_gender`"));
        Assert.Equal(
            ["0"],
            await QueryAsync(client, $"SELECT COUNT(country) FROM `{FakeBigQuery.Project}.{Counts.Dataset}.dashboard_country_rating`"));
    }

    private static async Task<IEnumerable<string>> QueryAsync(BigQueryClient client, string sql)
    {
        var answer = await client.ExecuteQueryAsync(sql, [], null, CancellationToken.None);
        return answer.Rows!.Select(row => string.Join('|', row.F!.Select(cell => cell.V)));
    }
}
