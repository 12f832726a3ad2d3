using Newtonsoft.Json;

namespace Pulse.Warehouse.BigQuery.Data;

/// <summary>A table or view.</summary>
public sealed class Table
{
    /// <summary>Its name.</summary>
    [JsonProperty("tableReference")]
    public TableReference? TableReference { get; set; }

    /// <summary>Its columns.</summary>
    [JsonProperty("schema")]
    public TableSchema? Schema { get; set; }

    /// <summary>How it is partitioned; null where it is not, or not by time.</summary>
    [JsonProperty("timePartitioning")]
    public TimePartitioning? TimePartitioning { get; set; }

    /// <summary>How each partition is sorted.</summary>
    [JsonProperty("clustering")]
    public Clustering? Clustering { get; set; }

    /// <summary>For people.</summary>
    [JsonProperty("description")]
    public string? Description { get; set; }

    /// <summary>For cost reports.</summary>
    [JsonProperty("labels")]
    public IDictionary<string, string>? Labels { get; set; }

    /// <summary><c>TABLE</c>, <c>VIEW</c>, …; set by the service.</summary>
    [JsonProperty("type")]
    public string? Type { get; set; }

    /// <summary>Changes with the table.</summary>
    [JsonProperty("etag")]
    public string? ETag { get; set; }
}

/// <summary>The name of a table.</summary>
public sealed class TableReference
{
    /// <summary>The project.</summary>
    [JsonProperty("projectId")]
    public string? ProjectId { get; set; }

    /// <summary>The dataset.</summary>
    [JsonProperty("datasetId")]
    public string? DatasetId { get; set; }

    /// <summary>The table; in a load job <c>table$20260101</c> is one partition of it.</summary>
    [JsonProperty("tableId")]
    public string? TableId { get; set; }
}

/// <summary>Columns, in order.</summary>
public sealed class TableSchema
{
    /// <summary>The columns.</summary>
    [JsonProperty("fields")]
    public IList<TableFieldSchema>? Fields { get; set; }
}

/// <summary>One column.</summary>
public sealed class TableFieldSchema
{
    /// <summary>The column's name.</summary>
    [JsonProperty("name")]
    public string? Name { get; set; }

    /// <summary>Such as <c>STRING</c>, <c>INTEGER</c>, <c>DATE</c>.</summary>
    [JsonProperty("type")]
    public string? Type { get; set; }

    /// <summary><c>NULLABLE</c> (also where absent), <c>REQUIRED</c> or <c>REPEATED</c>.</summary>
    [JsonProperty("mode")]
    public string? Mode { get; set; }

    /// <summary>For people.</summary>
    [JsonProperty("description")]
    public string? Description { get; set; }
}

/// <summary>Partitioning by time.</summary>
public sealed class TimePartitioning
{
    /// <summary><c>DAY</c>, <c>HOUR</c>, <c>MONTH</c> or <c>YEAR</c>.</summary>
    [JsonProperty("type")]
    public string? Type { get; set; }

    /// <summary>The column; null: by ingestion time.</summary>
    [JsonProperty("field")]
    public string? Field { get; set; }

    /// <summary>Whether queries must say which partitions they read.</summary>
    [JsonProperty("requirePartitionFilter")]
    public bool? RequirePartitionFilter { get; set; }
}

/// <summary>The columns by which each partition is sorted.</summary>
public sealed class Clustering
{
    /// <summary>Their names, in order.</summary>
    [JsonProperty("fields")]
    public IList<string>? Fields { get; set; }
}
