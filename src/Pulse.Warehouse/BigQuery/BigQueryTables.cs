using System.Globalization;
using Pulse.Counting;
using Pulse.Warehouse.BigQuery.Data;

namespace Pulse.Warehouse.BigQuery;

/// <summary>The shape that a rollup's table has, and what differs in one that is there.</summary>
internal static class BigQueryTables
{
    private const string PartitioningField = "date";
    private const string PartitioningType = "DAY";

    private static readonly string[] ClusteringFields = ["hour", "min"];

    /// <summary>A table as it is made.</summary>
    public static Table Shape(Rollup rollup) => new()
    {
        Schema = Schema(rollup),
        TimePartitioning = Partitioning(),
        Clustering = Clustering(),
        Description = $"View counts by {string.Join(" and ", rollup.Dimensions)} and five-minute window, written by Pulse.",
    };

    /// <summary>The columns: the dimensions, the count, and the window's end in three parts and as a whole.</summary>
    public static TableSchema Schema(Rollup rollup) => new()
    {
        Fields =
        [
            .. rollup.Dimensions.Select(dimension => Field(dimension, "STRING")),
            Field("view_count", "INTEGER"),
            Field("date", "DATE"),
            Field("hour", "STRING"),
            Field("min", "STRING"),
            Field("window_end", "TIMESTAMP"),
        ],
    };

    public static TimePartitioning Partitioning() => new() { Type = PartitioningType, Field = PartitioningField };

    public static Clustering Clustering() => new() { Fields = [.. ClusteringFields] };

    /// <summary>The name of one date's partition: <c>table$20260101</c>.</summary>
    public static string Partition(Rollup rollup, DateOnly date) =>
        string.Create(CultureInfo.InvariantCulture, $"{rollup.Name}${date:yyyyMMdd}");

    public static bool HasClustering(Table table) =>
        table.Clustering?.Fields is { } fields && fields.SequenceEqual(ClusteringFields, StringComparer.OrdinalIgnoreCase);

    /// <summary>What of a table does not fit the rollup, as ends of a sentence; empty where all does.</summary>
    public static IReadOnlyList<string> Differences(Rollup rollup, Table table)
    {
        if (table.Type is not (null or "TABLE"))
            return [$"it is no table but a {table.Type}"];

        var differences = new List<string>();
        var actual = (table.Schema?.Fields ?? [])
            .ToDictionary(field => field.Name ?? "", StringComparer.OrdinalIgnoreCase);
        var expected = Schema(rollup).Fields!;
        foreach (var field in expected)
        {
            if (!actual.TryGetValue(field.Name!, out var found))
                differences.Add($"the column {field.Name} {field.Type} is missing");
            else if (Canonical(found.Type) != field.Type || found.Mode == "REPEATED")
                differences.Add($"the column {field.Name} is {found.Mode} {found.Type} instead of {field.Type}");
        }

        differences.AddRange(actual.Keys
            .Except(expected.Select(field => field.Name!), StringComparer.OrdinalIgnoreCase)
            .Select(name => $"the column {name} {actual[name].Type} is not Pulse's"));
        if (table.TimePartitioning is not { } partitioning)
            differences.Add("it is not partitioned by day on the column date");
        else if (partitioning.Type != PartitioningType || partitioning.Field != PartitioningField)
            differences.Add($"it is partitioned by {partitioning.Type} on {partitioning.Field ?? "ingestion time"} "
                + "instead of by day on the column date");
        return differences;
    }

    private static TableFieldSchema Field(string name, string type) => new() { Name = name, Type = type, Mode = "NULLABLE" };

    private static string? Canonical(string? type) => type == "INT64" ? "INTEGER" : type;
}
