using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DuckDB.NET.Data;

namespace Pulse.Testing.BigQuery;

/// <summary>The fake's datasets, tables and rows. DuckDB keeps the rows, reads the Parquet files and answers the SQL.</summary>
internal sealed partial class FakeTables : IDisposable
{
    private readonly string _project;
    private readonly DuckDBConnection _connection = new("DataSource=:memory:");
    private readonly Dictionary<string, JsonObject> _datasets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JsonObject> _tables = new(StringComparer.Ordinal);

    public FakeTables(string project)
    {
        _project = project;
        _connection.Open();
        Execute("set TimeZone = 'UTC'");
    }

    public void Dispose() => _connection.Dispose();

    public JsonObject Dataset(string id) =>
        _datasets.GetValueOrDefault(id) ?? throw FakeBigQueryException.NotFound($"Dataset {_project}:{id}");

    public JsonObject Table(string dataset, string id)
    {
        Dataset(dataset);
        return _tables.GetValueOrDefault($"{dataset}.{id}")
            ?? throw FakeBigQueryException.NotFound($"Table {_project}:{dataset}.{id}");
    }

    public JsonObject AddDataset(JsonObject body)
    {
        var id = (string?)body["datasetReference"]?["datasetId"] ?? throw FakeBigQueryException.Invalid("Missing datasetId.");
        if (!Name().IsMatch(id))
            throw FakeBigQueryException.Invalid($"Invalid dataset ID \"{id}\".");
        if (_datasets.ContainsKey(id))
            throw FakeBigQueryException.Duplicate($"Dataset {_project}:{id}");
        var dataset = (JsonObject)body.DeepClone();
        dataset["kind"] = "bigquery#dataset";
        dataset["id"] = $"{_project}:{id}";
        dataset["location"] ??= "US";
        dataset["datasetReference"]!["projectId"] = _project;
        Execute($"create schema \"{id}\"");
        _datasets.Add(id, dataset);
        return dataset;
    }

    public JsonObject AddTable(string dataset, JsonObject body)
    {
        var location = Dataset(dataset)["location"]!.ToString();
        var reference = body["tableReference"] ?? throw FakeBigQueryException.Invalid("Missing tableReference.");
        var id = (string?)reference["tableId"] ?? throw FakeBigQueryException.Invalid("Missing tableId.");
        if (!Name().IsMatch(id) || (string?)reference["datasetId"] != dataset)
            throw FakeBigQueryException.Invalid($"Invalid table ID \"{id}\" or another dataset than the path's.");
        if (_tables.ContainsKey($"{dataset}.{id}"))
            throw FakeBigQueryException.Duplicate($"Table {_project}:{dataset}.{id}");
        var columns = Columns(body["schema"]);
        CheckPartitioning(body, columns);
        var table = (JsonObject)body.DeepClone();
        table["kind"] = "bigquery#table";
        table["id"] = $"{_project}:{dataset}.{id}";
        table["type"] = "TABLE";
        table["location"] = location;
        Execute($"create table {Quoted(dataset, id)} ({string.Join(", ", columns.Select(it => $"\"{it.Name}\" {DuckType(it.Type)}"))})");
        _tables.Add($"{dataset}.{id}", table);
        return table;
    }

    public JsonObject PatchTable(string dataset, string id, JsonObject change)
    {
        var table = Table(dataset, id);
        if (change["schema"] is not null || change["timePartitioning"] is not null)
            throw FakeBigQueryException.Invalid("The fake changes neither schema nor partitioning.");
        foreach (var (name, value) in change)
            table[name] = value?.DeepClone();
        return table;
    }

    /// <summary>Does what a load job does, whole or not at all; a refusal is the job's error.</summary>
    public long Load(JsonObject load, string file)
    {
        var destination = load["destinationTable"]!;
        var dataset = (string)destination["datasetId"]!;
        var (id, partition) = Decorated((string)destination["tableId"]!);
        if ((string?)load["sourceFormat"] != "PARQUET")
            throw FakeBigQueryException.Invalid($"The fake reads no {load["sourceFormat"]}.");
        var write = (string?)load["writeDisposition"] ?? "WRITE_APPEND";
        if (write is not ("WRITE_TRUNCATE" or "WRITE_APPEND" or "WRITE_EMPTY"))
            throw FakeBigQueryException.Invalid($"Invalid value for writeDisposition: {write}");
        var table = Destination(load, dataset, id);
        if (load["timePartitioning"] is { } wanted && !JsonNode.DeepEquals(Type(wanted), Type(table["timePartitioning"])))
            throw FakeBigQueryException.Invalid("Incompatible table partitioning specification.");
        if (load["schema"] is { } schema && !Columns(schema).SequenceEqual(Columns(table["schema"])))
            throw FakeBigQueryException.Invalid("Provided Schema does not match Table.");
        if (partition is not null && table["timePartitioning"] is null)
            throw FakeBigQueryException.Invalid($"Cannot write to a partition of the unpartitioned table {id}.");

        return Write(Quoted(dataset, id), Columns(table["schema"]), (string?)table["timePartitioning"]?["field"], file,
            partition, write);

        static JsonArray Type(JsonNode? partitioning) =>
            new((string?)partitioning?["type"] ?? "", (string?)partitioning?["field"] ?? "");
    }

    /// <summary>Answers SQL; backticked names and <c>@parameters</c> are BigQuery's, the rest has to be common to both.</summary>
    public JsonObject Query(string sql, JsonArray? parameters)
    {
        var own = BacktickedName().Replace(sql, match =>
        {
            var parts = match.Groups[1].Value.Split('.');
            if (parts.Length != 3 || parts[0] != _project)
                throw FakeBigQueryException.Invalid($"Name `{match.Groups[1].Value}`: expected `{_project}.dataset.table`.");
            Dataset(parts[1]);
            return Quoted(parts[1], parts[2]);
        });
        foreach (var parameter in parameters ?? [])
            own = Regex.Replace(own, $@"@{Regex.Escape((string)parameter!["name"]!)}\b", Literal(parameter));
        if (own.Contains('@', StringComparison.Ordinal))
            throw FakeBigQueryException.Invalid("Query parameter not found.");
        try
        {
            return Read(own);
        }
        catch (DuckDBException exception)
        {
            throw new FakeBigQueryException(400, "invalidQuery", exception.Message);
        }
    }

    /// <summary>Rows as text, columns joined with <c>|</c>, for tests that look past the API.</summary>
    public IReadOnlyList<string> Rows(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(index => Cell(reader.GetValue(index)))));
        return rows;
    }

    private JsonObject Destination(JsonObject load, string dataset, string id)
    {
        Dataset(dataset);
        if (_tables.TryGetValue($"{dataset}.{id}", out var table))
            return table;
        if ((string?)load["createDisposition"] == "CREATE_NEVER" || load["schema"] is null)
            throw FakeBigQueryException.NotFound($"Table {_project}:{dataset}.{id}");
        var made = new JsonObject
        {
            ["tableReference"] = new JsonObject { ["projectId"] = _project, ["datasetId"] = dataset, ["tableId"] = id },
            ["schema"] = load["schema"]!.DeepClone(),
        };
        foreach (var name in (string[])["timePartitioning", "clustering"])
        {
            if (load[name] is { } value)
                made[name] = value.DeepClone();
        }

        return AddTable(dataset, made);
    }

    private long Write(
        string table, List<(string Name, string Type)> columns, string? partitioning, string file, string? partition, string write)
    {
        var source = $"read_parquet('{file}')";
        CheckColumns(columns, source);
        var names = string.Join(", ", columns.Select(column => $"\"{column.Name}\""));
        var where = "";
        if (partition is not null)
        {
            var date = DateOnly.ParseExact(partition, "yyyyMMdd", CultureInfo.InvariantCulture);
            where = $" where \"{partitioning}\" = date '{date:yyyy-MM-dd}'";
            var strangers = Scalar($"select count(*) from {source} where \"{partitioning}\" is distinct from date '{date:yyyy-MM-dd}'");
            if (strangers != 0)
                throw FakeBigQueryException.Invalid(
                    $"Some rows belong to different partitions rather than destination partition {table}${partition}");
        }

        Execute("begin");
        try
        {
            if (write == "WRITE_TRUNCATE")
                Execute($"delete from {table}{where}");
            else if (write == "WRITE_EMPTY" && Scalar($"select count(*) from {table}{where}") != 0)
                throw FakeBigQueryException.Duplicate($"Table {table}");
            Execute($"insert into {table} ({names}) select {names} from {source}");
            Execute("commit");
        }
        catch
        {
            Execute("rollback");
            throw;
        }

        return Scalar($"select count(*) from {source}");
    }

    private void CheckColumns(List<(string Name, string Type)> columns, string source)
    {
        var found = Rows($"select column_name, column_type from (describe select * from {source})");
        var expected = columns.Select(column => $"{column.Name}|{DuckType(column.Type)}");
        var wrong = found.Except(expected, StringComparer.Ordinal).Concat(expected.Except(found, StringComparer.Ordinal)).ToList();
        if (wrong.Count > 0)
            throw FakeBigQueryException.Invalid(
                $"Provided schema does not match the file's columns: {string.Join(", ", wrong)}");
    }

    private static void CheckPartitioning(JsonObject body, List<(string Name, string Type)> columns)
    {
        if (body["timePartitioning"] is { } partitioning)
        {
            if ((string?)partitioning["type"] is not ("DAY" or "HOUR" or "MONTH" or "YEAR"))
                throw FakeBigQueryException.Invalid("Invalid partitioning type.");
            if ((string?)partitioning["field"] is { } field
                && !columns.Any(column => column.Name == field && column.Type is "DATE" or "TIMESTAMP" or "DATETIME"))
                throw FakeBigQueryException.Invalid($"The field specified for partitioning cannot be found in the schema: {field}");
        }

        foreach (var field in body["clustering"]?["fields"] as JsonArray ?? [])
        {
            if (!columns.Any(column => column.Name == field!.ToString()))
                throw FakeBigQueryException.Invalid($"The field specified for clustering cannot be found in the schema: {field}");
        }
    }

    private JsonObject Read(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var fields = new JsonArray();
        for (var index = 0; index < reader.FieldCount; index++)
            fields.Add(new JsonObject
            {
                ["name"] = reader.GetName(index), ["type"] = BigQueryType(reader.GetDataTypeName(index)), ["mode"] = "NULLABLE",
            });
        var rows = new JsonArray();
        while (reader.Read())
            rows.Add(new JsonObject
            {
                ["f"] = new JsonArray([.. Enumerable.Range(0, reader.FieldCount).Select(index =>
                    (JsonNode)new JsonObject { ["v"] = reader.IsDBNull(index) ? null : Cell(reader.GetValue(index)) })]),
            });
        return new JsonObject { ["schema"] = new JsonObject { ["fields"] = fields }, ["totalRows"] = $"{rows.Count}", ["rows"] = rows };
    }

    private static string Cell(object value) => value switch
    {
        DateOnly date => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        DateTime instant => ((instant.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond)
            .ToString(CultureInfo.InvariantCulture),
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private static string Literal(JsonNode parameter)
    {
        var value = (string)parameter["parameterValue"]!["value"]!;
        var type = (string?)parameter["parameterType"]?["type"];
        var quoted = $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";
        return type switch
        {
            "INT64" or "INTEGER" => long.Parse(value, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture),
            "DATE" => $"date {quoted}",
            "STRING" => quoted,
            _ => throw FakeBigQueryException.Invalid($"The fake knows no parameters of type {type}."),
        };
    }

    private static List<(string Name, string Type)> Columns(JsonNode? schema)
    {
        if (schema?["fields"] is not JsonArray { Count: > 0 } fields)
            throw FakeBigQueryException.Invalid("Schema has no fields.");
        return [.. fields.Select(field => ((string)field!["name"]!, Canonical((string)field["type"]!)))];
    }

    private static string Canonical(string type) => type == "INT64" ? "INTEGER" : type;

    private static string DuckType(string type) => type switch
    {
        "STRING" => "VARCHAR",
        "INTEGER" => "BIGINT",
        "DATE" => "DATE",
        "TIMESTAMP" => "TIMESTAMP WITH TIME ZONE",
        _ => throw FakeBigQueryException.Invalid($"The fake has no columns of type {type}."),
    };

    private static string BigQueryType(string type) => type.ToUpperInvariant() switch
    {
        "BIGINT" or "HUGEINT" or "INTEGER" => "INTEGER",
        "DATE" => "DATE",
        "TIMESTAMP WITH TIME ZONE" or "TIMESTAMPTZ" or "TIMESTAMP" => "TIMESTAMP",
        "BOOLEAN" => "BOOLEAN",
        "DOUBLE" => "FLOAT",
        _ => "STRING",
    };

    private static (string Table, string? Partition) Decorated(string id)
    {
        var dollar = id.IndexOf('$', StringComparison.Ordinal);
        if (dollar < 0)
            return (id, null);
        var partition = id[(dollar + 1)..];
        return DateOnly.TryParseExact(partition, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
            ? (id[..dollar], partition)
            : throw FakeBigQueryException.Invalid($"Invalid date partition: {partition}");
    }

    private static string Quoted(string dataset, string table) => $"\"{dataset}\".\"{table}\"";

    private long Scalar(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    private void Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    [GeneratedRegex(@"^[A-Za-z0-9_]{1,1024}\z")]
    private static partial Regex Name();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex BacktickedName();
}
