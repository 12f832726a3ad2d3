using Newtonsoft.Json;

namespace Pulse.Warehouse.BigQuery.Data;

/// <summary>A dataset: where tables are, and in which part of the world.</summary>
public sealed class Dataset
{
    /// <summary>Its name.</summary>
    [JsonProperty("datasetReference")]
    public DatasetReference? DatasetReference { get; set; }

    /// <summary>Where its data are, such as <c>EU</c>; fixed once it is made.</summary>
    [JsonProperty("location")]
    public string? Location { get; set; }

    /// <summary>For people.</summary>
    [JsonProperty("description")]
    public string? Description { get; set; }

    /// <summary>For cost reports.</summary>
    [JsonProperty("labels")]
    public IDictionary<string, string>? Labels { get; set; }

    /// <summary>Changes with the dataset.</summary>
    [JsonProperty("etag")]
    public string? ETag { get; set; }
}

/// <summary>The name of a dataset.</summary>
public sealed class DatasetReference
{
    /// <summary>The project.</summary>
    [JsonProperty("projectId")]
    public string? ProjectId { get; set; }

    /// <summary>The dataset in it.</summary>
    [JsonProperty("datasetId")]
    public string? DatasetId { get; set; }
}
