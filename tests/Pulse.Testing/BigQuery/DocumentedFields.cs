using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pulse.Testing.BigQuery;

/// <summary>
/// The fields that BigQuery's REST reference documents for the request bodies that the fake takes, with their kinds.
/// Anything else in a body is refused, as a misspelled field would otherwise pass unnoticed.
/// </summary>
internal abstract record DocumentedFields
{
    private static readonly DocumentedFields Text = new Scalar("a string", value => value.GetValueKind() == JsonValueKind.String);
    private static readonly DocumentedFields Flag = new Scalar(
        "a boolean", value => value.GetValueKind() is JsonValueKind.True or JsonValueKind.False);

    // 64-bit numbers are strings in Google's JSON; numbers are accepted too.
    private static readonly DocumentedFields Number = new Scalar(
        "an integer", value => long.TryParse(value.ToString(), out _));

    private static readonly DocumentedFields Anything = new Scalar("anything", _ => true);
    private static readonly DocumentedFields Labels = new Map(Text);
    private static readonly DocumentedFields Texts = new List(Text);

    private static readonly DocumentedFields TableReference = Of(
        ("projectId", Text), ("datasetId", Text), ("tableId", Text));

    private static readonly DocumentedFields DatasetReference = Of(("projectId", Text), ("datasetId", Text));

    private static readonly DocumentedFields Schema = Of(("fields", new List(new Recursive(() => Field!))));

    private static readonly DocumentedFields Field = Of(
        ("name", Text), ("type", Text), ("mode", Text), ("description", Text), ("fields", new List(new Recursive(() => Field!))),
        ("policyTags", Anything), ("maxLength", Number), ("precision", Number), ("scale", Number),
        ("defaultValueExpression", Text), ("collation", Text), ("roundingMode", Text));

    private static readonly DocumentedFields Partitioning = Of(
        ("type", Text), ("field", Text), ("expirationMs", Number), ("requirePartitionFilter", Flag));

    private static readonly DocumentedFields Clustering = Of(("fields", Texts));

    private static readonly DocumentedFields JobReference = Of(("projectId", Text), ("jobId", Text), ("location", Text));

    private static readonly DocumentedFields Parameters = new List(Of(
        ("name", Text),
        ("parameterType", Of(("type", Text), ("arrayType", Anything), ("structTypes", Anything), ("rangeElementType", Anything))),
        ("parameterValue", Of(("value", Text), ("arrayValues", Anything), ("structValues", Anything), ("rangeValue", Anything)))));

    public static DocumentedFields Dataset { get; } = Of(
        ("kind", Text), ("datasetReference", DatasetReference), ("friendlyName", Text), ("description", Text),
        ("defaultTableExpirationMs", Number), ("defaultPartitionExpirationMs", Number), ("labels", Labels), ("access", Anything),
        ("location", Text), ("defaultEncryptionConfiguration", Anything), ("isCaseInsensitive", Flag),
        ("defaultCollation", Text), ("defaultRoundingMode", Text), ("maxTimeTravelHours", Number), ("storageBillingModel", Text),
        ("resourceTags", Labels), ("externalDatasetReference", Anything), ("linkedDatasetSource", Anything));

    public static DocumentedFields Table { get; } = Of(
        ("kind", Text), ("tableReference", TableReference), ("friendlyName", Text), ("description", Text), ("labels", Labels),
        ("schema", Schema), ("timePartitioning", Partitioning), ("rangePartitioning", Anything), ("clustering", Clustering),
        ("requirePartitionFilter", Flag), ("expirationTime", Number), ("view", Anything), ("materializedView", Anything),
        ("externalDataConfiguration", Anything), ("encryptionConfiguration", Anything), ("defaultCollation", Text),
        ("defaultRoundingMode", Text), ("maxStaleness", Text), ("tableConstraints", Anything), ("resourceTags", Labels));

    public static DocumentedFields Job { get; } = Of(
        ("kind", Text),
        ("jobReference", JobReference),
        ("configuration", Of(
            ("jobType", Text), ("dryRun", Flag), ("jobTimeoutMs", Number), ("labels", Labels), ("reservation", Text),
            ("load", Of(
                ("sourceUris", Texts), ("schema", Schema), ("destinationTable", TableReference),
                ("destinationTableProperties", Anything), ("createDisposition", Text), ("writeDisposition", Text),
                ("sourceFormat", Text), ("maxBadRecords", Number), ("autodetect", Flag), ("ignoreUnknownValues", Flag),
                ("projectionFields", Texts), ("schemaUpdateOptions", Texts), ("timePartitioning", Partitioning),
                ("rangePartitioning", Anything), ("clustering", Clustering), ("destinationEncryptionConfiguration", Anything),
                ("useAvroLogicalTypes", Flag), ("decimalTargetTypes", Texts), ("parquetOptions", Anything),
                ("connectionProperties", Anything), ("createSession", Flag), ("columnNameCharacterMap", Text),
                // Not documented, but Google's own client for Node sends it, and the service takes it.
                ("location", Text))),
            ("query", Of(
                ("query", Text), ("useLegacySql", Flag), ("useQueryCache", Flag), ("parameterMode", Text),
                ("queryParameters", Parameters), ("defaultDataset", DatasetReference), ("priority", Text),
                ("maximumBytesBilled", Number), ("destinationTable", TableReference), ("createDisposition", Text),
                ("writeDisposition", Text))))));

    public static DocumentedFields Query { get; } = Of(
        ("kind", Text), ("query", Text), ("maxResults", Number), ("defaultDataset", DatasetReference), ("timeoutMs", Number),
        ("jobTimeoutMs", Number), ("dryRun", Flag), ("useQueryCache", Flag), ("useLegacySql", Flag), ("parameterMode", Text),
        ("queryParameters", Parameters), ("location", Text), ("formatOptions", Of(("useInt64Timestamp", Flag))),
        ("connectionProperties", Anything), ("labels", Labels), ("maximumBytesBilled", Number), ("requestId", Text),
        ("createSession", Flag), ("jobCreationMode", Text), ("reservation", Text));

    /// <summary>What is wrong with a body, or null.</summary>
    public abstract string? Mistake(JsonNode value, string path);

    private static Record Of(params (string Name, DocumentedFields Kind)[] fields) =>
        new(fields.ToDictionary(field => field.Name, field => field.Kind, StringComparer.Ordinal));

    private sealed record Scalar(string Kind, Func<JsonNode, bool> Fits) : DocumentedFields
    {
        public override string? Mistake(JsonNode value, string path) => Fits(value) ? null : $"{path} must be {Kind}";
    }

    private sealed record List(DocumentedFields Items) : DocumentedFields
    {
        public override string? Mistake(JsonNode value, string path) => value is not JsonArray items
            ? $"{path} must be a list"
            : items.Select((item, index) => Items.Mistake(item!, $"{path}[{index}]")).FirstOrDefault(mistake => mistake is not null);
    }

    private sealed record Map(DocumentedFields Values) : DocumentedFields
    {
        public override string? Mistake(JsonNode value, string path) => value is not JsonObject entries
            ? $"{path} must be an object"
            : entries.Select(entry => Values.Mistake(entry.Value!, $"{path}.{entry.Key}")).FirstOrDefault(it => it is not null);
    }

    private sealed record Recursive(Func<DocumentedFields> Kind) : DocumentedFields
    {
        public override string? Mistake(JsonNode value, string path) => Kind().Mistake(value, path);
    }

    private sealed record Record(IReadOnlyDictionary<string, DocumentedFields> Fields) : DocumentedFields
    {
        public override string? Mistake(JsonNode value, string path)
        {
            if (value is not JsonObject entries)
                return $"{path} must be an object";
            foreach (var (name, entry) in entries)
            {
                if (!Fields.TryGetValue(name, out var kind))
                    return $"Unknown name \"{name}\" at '{path}': Cannot find field.";
                if (entry is not null && kind.Mistake(entry, $"{path}.{name}") is { } mistake)
                    return mistake;
            }

            return null;
        }
    }
}
