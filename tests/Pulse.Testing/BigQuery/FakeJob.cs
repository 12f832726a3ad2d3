using System.Text.Json.Nodes;

namespace Pulse.Testing.BigQuery;

/// <summary>A job, from pending through running to its end as it is asked after.</summary>
public sealed class FakeJob(string id, JsonObject configuration, string location)
{
    public string Id => id;

    public JsonObject Configuration => configuration;

    public string Location => location;

    public string State { get; set; } = "PENDING";

    public (string Reason, string Message)? Error { get; set; }

    public long OutputRows { get; set; }

    public long InputBytes { get; set; }

    internal int Asked { get; set; }

    /// <summary>The uploaded file, until the job has ended.</summary>
    internal string? File { get; set; }

    /// <summary>A query's answer.</summary>
    internal JsonObject? Answer { get; set; }

    /// <summary>The destination with its partition decorator; null for queries.</summary>
    public string? Destination => configuration["load"]?["destinationTable"] is JsonObject table
        ? $"{table["datasetId"]}.{table["tableId"]}"
        : null;

    internal JsonObject Resource(string project)
    {
        var status = new JsonObject { ["state"] = State };
        if (Error is { } error)
        {
            status["errorResult"] = Proto(error);
            status["errors"] = new JsonArray(Proto(error));
        }

        var statistics = new JsonObject { ["creationTime"] = "1767225600000" };
        if (State == "DONE" && configuration.ContainsKey("load"))
            statistics["load"] = new JsonObject
            {
                ["inputFiles"] = "1", ["inputFileBytes"] = $"{InputBytes}", ["outputRows"] = $"{OutputRows}",
            };
        return new JsonObject
        {
            ["kind"] = "bigquery#job",
            ["id"] = $"{project}:{location}.{id}",
            ["jobReference"] = Reference(project),
            ["configuration"] = configuration.DeepClone(),
            ["status"] = status,
            ["statistics"] = statistics,
        };
    }

    internal JsonObject Reference(string project) =>
        new() { ["projectId"] = project, ["jobId"] = id, ["location"] = location };

    private static JsonObject Proto((string Reason, string Message) error) =>
        new() { ["reason"] = error.Reason, ["message"] = error.Message };
}
