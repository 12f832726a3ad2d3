using Newtonsoft.Json;

namespace Pulse.Warehouse.BigQuery.Data;

/// <summary>Work that the service does in its own time.</summary>
public sealed class Job
{
    /// <summary>Its name, which its maker may choose.</summary>
    [JsonProperty("jobReference")]
    public JobReference? JobReference { get; set; }

    /// <summary>What to do.</summary>
    [JsonProperty("configuration")]
    public JobConfiguration? Configuration { get; set; }

    /// <summary>How far it is.</summary>
    [JsonProperty("status")]
    public JobStatus? Status { get; set; }

    /// <summary>What it did.</summary>
    [JsonProperty("statistics")]
    public JobStatistics? Statistics { get; set; }
}

/// <summary>The name of a job.</summary>
public sealed class JobReference
{
    /// <summary>The project that pays.</summary>
    [JsonProperty("projectId")]
    public string? ProjectId { get; set; }

    /// <summary>Letters, digits, underscores, dashes; at most 1,024. Used once for ever, whatever became of the job.</summary>
    [JsonProperty("jobId")]
    public string? JobId { get; set; }

    /// <summary>Where it runs; part of the name outside of <c>US</c> and <c>EU</c>.</summary>
    [JsonProperty("location")]
    public string? Location { get; set; }
}

/// <summary>What a job does.</summary>
public sealed class JobConfiguration
{
    /// <summary>Loads a file.</summary>
    [JsonProperty("load")]
    public JobConfigurationLoad? Load { get; set; }

    /// <summary>For cost reports.</summary>
    [JsonProperty("labels")]
    public IDictionary<string, string>? Labels { get; set; }
}

/// <summary>A load of a file into a table.</summary>
public sealed class JobConfigurationLoad
{
    /// <summary>The table, or one partition of it.</summary>
    [JsonProperty("destinationTable")]
    public TableReference? DestinationTable { get; set; }

    /// <summary>Such as <c>PARQUET</c>.</summary>
    [JsonProperty("sourceFormat")]
    public string? SourceFormat { get; set; }

    /// <summary>The columns.</summary>
    [JsonProperty("schema")]
    public TableSchema? Schema { get; set; }

    /// <summary>The table's partitioning.</summary>
    [JsonProperty("timePartitioning")]
    public TimePartitioning? TimePartitioning { get; set; }

    /// <summary>The table's clustering.</summary>
    [JsonProperty("clustering")]
    public Clustering? Clustering { get; set; }

    /// <summary><c>CREATE_IF_NEEDED</c> or <c>CREATE_NEVER</c>.</summary>
    [JsonProperty("createDisposition")]
    public string? CreateDisposition { get; set; }

    /// <summary><c>WRITE_TRUNCATE</c>, <c>WRITE_APPEND</c> or <c>WRITE_EMPTY</c>.</summary>
    [JsonProperty("writeDisposition")]
    public string? WriteDisposition { get; set; }
}

/// <summary>How far a job is.</summary>
public sealed class JobStatus
{
    /// <summary><c>PENDING</c>, <c>RUNNING</c> or <c>DONE</c>.</summary>
    [JsonProperty("state")]
    public string? State { get; set; }

    /// <summary>Why it did nothing; null where it did what it should.</summary>
    [JsonProperty("errorResult")]
    public ErrorProto? ErrorResult { get; set; }

    /// <summary>What it met on the way, fatal or not.</summary>
    [JsonProperty("errors")]
    public IList<ErrorProto>? Errors { get; set; }

    /// <summary>Whether it has ended, well or not.</summary>
    [JsonIgnore]
    public bool IsDone => State == "DONE";
}

/// <summary>An error in the service's words.</summary>
public sealed class ErrorProto
{
    /// <summary>A short word such as <c>backendError</c>.</summary>
    [JsonProperty("reason")]
    public string? Reason { get; set; }

    /// <summary>For people.</summary>
    [JsonProperty("message")]
    public string? Message { get; set; }

    /// <summary>Where, in the request or the file.</summary>
    [JsonProperty("location")]
    public string? Location { get; set; }
}

/// <summary>What a job did.</summary>
public sealed class JobStatistics
{
    /// <summary>Milliseconds since 1970.</summary>
    [JsonProperty("creationTime")]
    public string? CreationTime { get; set; }

    /// <summary>Milliseconds since 1970.</summary>
    [JsonProperty("startTime")]
    public string? StartTime { get; set; }

    /// <summary>Milliseconds since 1970.</summary>
    [JsonProperty("endTime")]
    public string? EndTime { get; set; }

    /// <summary>What a load job did.</summary>
    [JsonProperty("load")]
    public JobLoadStatistics? Load { get; set; }
}

/// <summary>What a load job did.</summary>
public sealed class JobLoadStatistics
{
    /// <summary>Bytes read.</summary>
    [JsonProperty("inputFileBytes")]
    public long? InputFileBytes { get; set; }

    /// <summary>Rows written.</summary>
    [JsonProperty("outputRows")]
    public long? OutputRows { get; set; }

    /// <summary>Bytes stored.</summary>
    [JsonProperty("outputBytes")]
    public long? OutputBytes { get; set; }
}
