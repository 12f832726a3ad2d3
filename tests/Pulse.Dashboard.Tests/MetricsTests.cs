using System.Globalization;

namespace Pulse.Dashboard.Tests;

/// <summary>What the metrics of a node say after it counted and exported a stream, against the simulator's truth.</summary>
public sealed class MetricsTests(FinishedNode node)
{
    [Fact]
    public async Task The_metrics_of_a_finished_node_are_the_truth()
    {
        using var client = new HttpClient { BaseAddress = new Uri(node.Address) };
        var samples = (await client.GetStringAsync("/metrics", TestContext.Current.CancellationToken))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line.StartsWith("pulse_", StringComparison.Ordinal))
            .Select(line => (Series: line[..line.LastIndexOf(' ')].Replace("{}", "", StringComparison.Ordinal), Value: line[(line.LastIndexOf(' ') + 1)..]))
            .ToDictionary(sample => sample.Series, sample => double.Parse(sample.Value, CultureInfo.InvariantCulture));

        Assert.Equal(FinishedNode.Events, samples["pulse_ingest_events_total"]);
        Assert.Equal(node.Malformed, samples["pulse_ingest_dead_letters_total"]);
        Assert.Equal(node.Malformed, samples["pulse_bucket_counted_total{rollup=\"deadLetters\"}"]);
        Assert.Equal(node.Malformed, samples["pulse_dead_letters_sent_total"]);
        Assert.Equal(0, samples["pulse_dead_letters_waiting"]);
        Assert.Equal(1, samples["pulse_dead_letters_reachable"]);
        Assert.Equal(FinishedNode.Events, SumOf("pulse_ingest_committed{"));
        Assert.Equal(0, SumOf("pulse_ingest_lag{"));
        Assert.Equal(16, samples.Keys.Count(series => series.StartsWith("pulse_ingest_lag{", StringComparison.Ordinal)));
        Assert.Equal(16, samples["pulse_ingest_partitions{state=\"read\"}"]);
        Assert.Equal(1, samples["pulse_kafka_reachable"]);
        Assert.Equal(1, samples["pulse_storage_reachable"]);
        Assert.Equal(1, samples["pulse_export_rounds_total{outcome=\"finished\"}"]);
        var rows = 0L;
        foreach (var rollup in (string[])["viewsByDeviceGenre", "viewsByGenderAgeGroup", "viewsByLocationMR"])
        {
            Assert.Equal(FinishedNode.Events - node.Malformed, samples[$"pulse_bucket_counted_total{{rollup=\"{rollup}\"}}"]);
            foreach (var date in node.Truth(rollup).GroupBy(row => row.WindowEnd.Date))
            {
                var labels = $"date=\"{date.Key:yyyy-MM-dd}\",";
                Assert.Equal(date.Count(), samples[$"pulse_export_date_rows{{{labels}rollup=\"{rollup}\"}}"]);
                Assert.Equal(1, samples[$"pulse_export_date_state{{{labels}job_state=\"\",rollup=\"{rollup}\",step=\"Done\"}}"]);
                rows += date.Count();
            }
        }

        Assert.Equal(rows, samples["pulse_export_rows_total"]);

        double SumOf(string series) => samples.Where(sample => sample.Key.StartsWith(series, StringComparison.Ordinal)).Sum(sample => sample.Value);
    }
}
