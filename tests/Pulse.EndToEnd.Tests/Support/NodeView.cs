using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>What one node shows over HTTP at one moment: its API, its Cluster page and its metrics. Null is shown as unknown.</summary>
/// <param name="AtUtc">The moment.</param>
/// <param name="Node">The node, by its address in the cluster.</param>
/// <param name="Lag">The topic's lag as the API has it.</param>
/// <param name="PageLag">The same as the page has it.</param>
/// <param name="KafkaAnsweredUtc">When the brokers last answered.</param>
/// <param name="KafkaProblem">Why they do not.</param>
/// <param name="Partitions">Every partition of the API.</param>
/// <param name="PagePartitions">Every partition that the page's first leaf lists.</param>
/// <param name="PageCount">How many the page says that there are.</param>
/// <param name="Metrics">The samples of its metrics, by series.</param>
/// <param name="Readiness">What its readiness probe answers.</param>
internal sealed partial record NodeView(
    DateTime AtUtc,
    string Node,
    long? Lag,
    long? PageLag,
    DateTime? KafkaAnsweredUtc,
    string? KafkaProblem,
    IReadOnlyList<ShownPartition> Partitions,
    IReadOnlyList<ShownPartition> PagePartitions,
    int PageCount,
    IReadOnlyDictionary<string, double> Metrics,
    HttpStatusCode Readiness)
{
    /// <summary>Whether nothing says how far any partition is behind.</summary>
    public bool IsLagUnknown => this is { Lag: null, PageLag: null, Partitions.Count: > 0, PagePartitions.Count: > 0 }
        && Partitions.Concat(PagePartitions).All(partition => partition.Lag is null)
        && Partitions.All(partition => MetricLag(partition.Partition) is null);

    /// <summary>Reads all three.</summary>
    /// <exception cref="HttpRequestException">The node does not answer.</exception>
    public static async Task<NodeView> ReadAsync(PulseProcess node)
    {
        var readiness = await node.HealthAsync("ready");
        var status = JsonDocument.Parse(await node.GetAsync("/api/status")).RootElement;
        var page = await node.GetAsync("/cluster");
        var metrics = await node.GetAsync("/metrics");
        return new NodeView(
            DateTime.UtcNow,
            status.GetProperty("address").GetString()!,
            Number(status.GetProperty("lag")),
            Number(PageLagText().Match(page).Groups[1].Value),
            status.GetProperty("kafkaAnswered") is { ValueKind: JsonValueKind.String } answered ? answered.GetDateTime() : null,
            status.GetProperty("kafkaProblem").GetString(),
            [.. status.GetProperty("partitions").EnumerateArray().Select(ShownPartition.Of)],
            [.. Rows(page).Select(ShownPartition.Of)],
            Summary().Match(page) is { Success: true } summary ? (int)Number(summary.Groups[1].Value)! : 0,
            Samples(metrics),
            readiness);
    }

    /// <summary>The lag of a partition in the metrics; null where there is none.</summary>
    public long? MetricLag(int partition) =>
        Metrics.TryGetValue(FormattableString.Invariant($"pulse_ingest_lag{{partition=\"{partition}\"}}"), out var lag) ? (long)lag : null;

    /// <summary>A number as pages and API write it; null where it is unknown.</summary>
    internal static long? Number(string text) => text.Trim() switch
    {
        "unknown" => null,
        var number => long.Parse(number.Replace(",", "", StringComparison.Ordinal), CultureInfo.InvariantCulture),
    };

    private static long? Number(JsonElement value) => value.ValueKind == JsonValueKind.Null ? null : value.GetInt64();

    private static IEnumerable<IReadOnlyList<string>> Rows(string page) => PartitionTable().Match(page) is { Success: true } table
        ? Row().Matches(table.Groups[1].Value).Select(row => Cell().Matches(row.Groups[1].Value)
            .Select(cell => WebUtility.HtmlDecode(Tag().Replace(cell.Groups[1].Value, "")).Trim()).ToList())
        : [];

    private static Dictionary<string, double> Samples(string metrics) => metrics
        .Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#')
        .Select(line => Sample().Match(line)).Where(sample => sample.Success)
        .ToDictionary(
            sample => Scope().Replace(sample.Groups[1].Value, ""),
            sample => double.Parse(sample.Groups[2].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex("data-testid=\"lag\"[^>]*>([^<]*)<")]
    private static partial Regex PageLagText();

    [GeneratedRegex("data-testid=\"partition-summary\"[^>]*>([0-9,]+) ")]
    private static partial Regex Summary();

    [GeneratedRegex("data-testid=\"partitions\".*?<tbody>(.*?)</tbody>", RegexOptions.Singleline)]
    private static partial Regex PartitionTable();

    [GeneratedRegex("<tr[^>]*>(.*?)</tr>", RegexOptions.Singleline)]
    private static partial Regex Row();

    [GeneratedRegex("<td[^>]*>(.*?)</td>", RegexOptions.Singleline)]
    private static partial Regex Cell();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();

    [GeneratedRegex(@"^(\S+?(?:\{.*\})?) (\S+)")]
    private static partial Regex Sample();

    [GeneratedRegex("otel_scope_[a-z_]+=\"[^\"]*\",?")]
    private static partial Regex Scope();
}
