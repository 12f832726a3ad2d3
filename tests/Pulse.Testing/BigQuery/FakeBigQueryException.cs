namespace Pulse.Testing.BigQuery;

/// <summary>What the fake refuses, as the real service would: status, reason and message.</summary>
public sealed class FakeBigQueryException(int status, string reason, string message) : Exception(message)
{
    public int Status => status;

    public string Reason => reason;

    public static FakeBigQueryException Invalid(string message) => new(400, "invalid", message);

    public static FakeBigQueryException NotFound(string what) => new(404, "notFound", $"Not found: {what}");

    public static FakeBigQueryException Duplicate(string what) => new(409, "duplicate", $"Already Exists: {what}");
}
