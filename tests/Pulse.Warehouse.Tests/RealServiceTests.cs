using Pulse.Warehouse.BigQuery;

namespace Pulse.Warehouse.Tests;

/// <summary>
/// The same against the real service, by the tester's own choice and cost (a few cents at most): set
/// <c>PULSE_TEST_BIGQUERY_PROJECT</c> to a project and have application-default credentials. It uses the dataset
/// <c>pulse_test</c>, whose table it replaces, and leaves it there.
/// </summary>
public sealed class RealServiceTests
{
    private const string Variable = "PULSE_TEST_BIGQUERY_PROJECT";

    [Fact]
    public async Task A_date_is_loaded_verified_recognised_and_replaced()
    {
        var project = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(string.IsNullOrEmpty(project), $"{Variable} names no project; the real service is used by choice only.");
        using var warehouse = new BigQueryWarehouse(new BigQueryOptions(project!) { DatasetId = "pulse_test" });
        // Rows that no run before this one had, so that its jobs have names of their own.
        var first = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

        var loaded = await Counts.ExportAsync(warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear, 1_000, first));
        var again = await Counts.ExportAsync(
            warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear, 1_000, first), new LoadHistory(loaded.Digest, null));
        var others = await Counts.ExportAsync(
            warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear, 10, first), new LoadHistory(loaded.Digest, null));

        Assert.Equal((1_000, false), (loaded.Rows, loaded.IsUnchanged));
        Assert.True(again.IsUnchanged);
        Assert.Equal((10, false), (others.Rows, others.IsUnchanged));
    }
}
