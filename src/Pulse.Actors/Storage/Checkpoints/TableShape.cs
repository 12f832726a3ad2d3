using System.Data.Common;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>Whether a result table that is there already is one that a rollup's counts can be stored in.</summary>
/// <param name="table">The table as Pulse creates it.</param>
/// <param name="kind">The database's kind.</param>
internal sealed class TableShape(ResultTable table, StorageKind kind)
{
    // Where several schemas have such a table, the first of the search path counts.
    private const string Its =
        "(select pg_class.oid from pg_class join pg_namespace on pg_namespace.oid = relnamespace where relname = @table "
        + "and nspname = any(current_schemas(false)) order by array_position(current_schemas(false), nspname) limit 1)";

    private const string PostgresColumns =
        "select attname::text, format_type(atttypid, null), attnotnull and not atthasdef and attidentity = '' from pg_attribute "
        + $"where attrelid = {Its} and attnum > 0 and not attisdropped";

    private const string SqliteColumns =
        "select name, lower(type), \"notnull\" = 1 and dflt_value is null from pragma_table_info(@table)";

    // Those that "on conflict" takes: whole, and judged at once.
    private const string PostgresKeys =
        "select string_agg(attname::text, ',' order by attname) from pg_index cross join unnest(indkey::smallint[]) with ordinality as part (number, place) "
        + "join pg_attribute on attrelid = indrelid and attnum = part.number where place <= indnkeyatts and indisunique and indisvalid "
        + $"and indimmediate and indpred is null and indexprs is null and indrelid = {Its} group by indexrelid";

    private const string SqliteKeys =
        "select group_concat(part) from (select listed.name as owner, info.name as part from pragma_index_list(@table) as listed "
        + "join pragma_index_info(listed.name) as info where listed.\"unique\" = 1 and listed.partial = 0) group by owner";

    private readonly string[] _key = [.. table.Rollup.Dimensions.Append(ResultTable.WindowEnd).Order(StringComparer.Ordinal)];

    /// <summary>What does not fit, for a person; nothing where all does, or where there is no such table yet.</summary>
    public async Task<IReadOnlyList<string>> ObjectionsAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var isServer = kind == StorageKind.Postgres;
        var name = table.Name.ToLowerInvariant();
        var columns = await ReadAsync(
            connection, isServer ? PostgresColumns : SqliteColumns, row => (Name: row.GetString(0), Type: row.GetString(1), IsDemanded: row.GetBoolean(2)),
            name, cancellationToken).ConfigureAwait(false);
        if (columns.Count == 0)
            return [];
        var objections = new List<string>();
        foreach (var (column, type) in Wanted())
        {
            var found = columns.Find(each => string.Equals(each.Name, column, StringComparison.OrdinalIgnoreCase));
            if (found.Name is null)
                objections.Add($"table {name} has no column {column}");
            else if (!IsFit(type, found.Type))
                objections.Add($"column {column} of table {name} is of type {found.Type} and not {type}");
        }

        objections.AddRange(columns
            .Where(each => each.IsDemanded && !Wanted().Any(wanted => string.Equals(wanted.Column, each.Name, StringComparison.OrdinalIgnoreCase)))
            .Select(each => $"column {each.Name} of table {name} has to be filled, and Pulse does not know it"));
        if (objections.Count > 0)
            return objections;
        var keys = await ReadAsync(
            connection, isServer ? PostgresKeys : SqliteKeys, row => row.GetString(0), name, cancellationToken).ConfigureAwait(false);
        return keys.Exists(key => key.ToLowerInvariant().Split(',').Order(StringComparer.Ordinal).SequenceEqual(_key))
            ? []
            : [$"table {name} has no unique key of ({string.Join(", ", table.Rollup.Dimensions)}, {ResultTable.WindowEnd})"];
    }

    private IEnumerable<(string Column, string Type)> Wanted()
    {
        var isServer = kind == StorageKind.Postgres;
        foreach (var dimension in table.Rollup.Dimensions)
            yield return (dimension, "text");
        yield return (ResultTable.ViewCount, "bigint");
        yield return (ResultTable.WindowEnd, isServer ? "timestamp without time zone" : "text");
    }

    // What SQLite makes of a type's name, and no more: it converts by that.
    private bool IsFit(string wanted, string found) => kind == StorageKind.Postgres
        ? found == wanted || (wanted == "text" && found == "character varying")
        : wanted == "bigint"
            ? found.Contains("int", StringComparison.Ordinal)
            : found.Contains("char", StringComparison.Ordinal) || found.Contains("text", StringComparison.Ordinal);

    private static async Task<List<T>> ReadAsync<T>(
        DbConnection connection, string sql, Func<DbDataReader, T> read, string name, CancellationToken cancellationToken)
    {
        var command = connection.Command(sql, ("table", name));
        await using var disposing = command.ConfigureAwait(false);
        return await command.ReadAllAsync(read, cancellationToken).ConfigureAwait(false);
    }
}
