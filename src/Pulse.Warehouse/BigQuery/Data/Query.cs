using Newtonsoft.Json;

namespace Pulse.Warehouse.BigQuery.Data;

/// <summary>A question in SQL.</summary>
public sealed class QueryRequest
{
    /// <summary>The SQL.</summary>
    [JsonProperty("query")]
    public string? Query { get; set; }

    /// <summary>Always say <c>false</c>: absent means the old dialect.</summary>
    [JsonProperty("useLegacySql")]
    public bool? UseLegacySql { get; set; }

    /// <summary>Whether a remembered answer will do.</summary>
    [JsonProperty("useQueryCache")]
    public bool? UseQueryCache { get; set; }

    /// <summary><c>NAMED</c> or <c>POSITIONAL</c>.</summary>
    [JsonProperty("parameterMode")]
    public string? ParameterMode { get; set; }

    /// <summary>The values.</summary>
    [JsonProperty("queryParameters")]
    public IList<QueryParameter>? QueryParameters { get; set; }

    /// <summary>How long to wait before the answer is that there is none yet, in milliseconds.</summary>
    [JsonProperty("timeoutMs")]
    public long? TimeoutMs { get; set; }

    /// <summary>Where the data are.</summary>
    [JsonProperty("location")]
    public string? Location { get; set; }

    /// <summary>Makes the request safe to repeat for 15 minutes.</summary>
    [JsonProperty("requestId")]
    public string? RequestId { get; set; }

    /// <summary>Refuse to cost more.</summary>
    [JsonProperty("maximumBytesBilled")]
    public long? MaximumBytesBilled { get; set; }

    /// <summary>For cost reports.</summary>
    [JsonProperty("labels")]
    public IDictionary<string, string>? Labels { get; set; }
}

/// <summary>A value in a query.</summary>
public sealed class QueryParameter
{
    /// <summary>Its name, without <c>@</c>.</summary>
    [JsonProperty("name")]
    public string? Name { get; set; }

    /// <summary>Its type.</summary>
    [JsonProperty("parameterType")]
    public QueryParameterType? ParameterType { get; set; }

    /// <summary>Its value.</summary>
    [JsonProperty("parameterValue")]
    public QueryParameterValue? ParameterValue { get; set; }
}

/// <summary>The type of a value.</summary>
public sealed class QueryParameterType
{
    /// <summary>Such as <c>DATE</c>.</summary>
    [JsonProperty("type")]
    public string? Type { get; set; }
}

/// <summary>A value.</summary>
public sealed class QueryParameterValue
{
    /// <summary>As text.</summary>
    [JsonProperty("value")]
    public string? Value { get; set; }
}

/// <summary>The answer to a question, or that it has to be waited for.</summary>
public sealed class QueryResponse
{
    /// <summary>Whether the answer is here.</summary>
    [JsonProperty("jobComplete")]
    public bool? JobComplete { get; set; }

    /// <summary>Whom to ask again.</summary>
    [JsonProperty("jobReference")]
    public JobReference? JobReference { get; set; }

    /// <summary>The answer's columns.</summary>
    [JsonProperty("schema")]
    public TableSchema? Schema { get; set; }

    /// <summary>The answer.</summary>
    [JsonProperty("rows")]
    public IList<TableRow>? Rows { get; set; }

    /// <summary>How many rows there are in all.</summary>
    [JsonProperty("totalRows")]
    public ulong? TotalRows { get; set; }

    /// <summary>What it read.</summary>
    [JsonProperty("totalBytesProcessed")]
    public long? TotalBytesProcessed { get; set; }

    /// <summary>What it met on the way.</summary>
    [JsonProperty("errors")]
    public IList<ErrorProto>? Errors { get; set; }
}

/// <summary>A row.</summary>
public sealed class TableRow
{
    /// <summary>Its cells, in the order of the columns.</summary>
    [JsonProperty("f")]
    public IList<TableCell>? F { get; set; }
}

/// <summary>A cell.</summary>
public sealed class TableCell
{
    /// <summary>Its value, numbers as text.</summary>
    [JsonProperty("v")]
    public object? V { get; set; }
}
