using LinqToDB.Data;
using Pulse.Counting;

namespace Pulse.Actors.Storage;

/// <summary>One rollup's table: its shape and the statements on it.</summary>
internal sealed class ResultTable
{
    /// <summary>The column of the window's exclusive end, UTC.</summary>
    public const string WindowEnd = "window_end_utctime";

    /// <summary>The column of the count.</summary>
    public const string ViewCount = "view_count";

    private readonly SqlDialect _dialect;
    private readonly string _dimensions;
    private readonly int _dimensionCount;
    private readonly UpsertStatement _upsert;

    public ResultTable(Rollup rollup, SqlDialect dialect)
    {
        Rollup = rollup;
        _dialect = dialect;
        _dimensions = string.Join(", ", rollup.Dimensions);
        _dimensionCount = rollup.Dimensions.Length;
        _upsert = new UpsertStatement(
            Name,
            [.. rollup.Dimensions, WindowEnd],
            ViewCount,
            dialect.RowsPerStatement);
    }

    public Rollup Rollup { get; }

    /// <summary>The table's name, unquoted.</summary>
    public string Name => Rollup.TableName;

    /// <summary>Makes the table, and the index by time that exports and charts read.</summary>
    public IEnumerable<string> Creation()
    {
        var columns = string.Concat(Rollup.Dimensions.Select(name => $"{name} {_dialect.TextType} not null, "));
        yield return $"create table if not exists {Name} ({columns}{ViewCount} bigint not null, "
            + $"{WindowEnd} {_dialect.InstantType} not null, primary key ({_dimensions}, {WindowEnd}))";
        yield return $"create index if not exists {Name}_time on {Name} ({WindowEnd})";
    }

    /// <summary>
    /// Writes rows in the order of the primary key, one row per key: every node locks rows in the same order, so that
    /// two can wait for each other but never both ways.
    /// </summary>
    public async Task UpsertAsync(DataConnection connection, List<KeyCount> rows, CancellationToken cancellationToken)
    {
        rows.Sort(ByKeyThenLargest);
        KeepFirstOfEachKey(rows);
        for (var start = 0; start < rows.Count; start += _upsert.MaximumRows)
        {
            var count = Math.Min(_upsert.MaximumRows, rows.Count - start);
            await connection
                .ExecuteAsync(_upsert.For(count), cancellationToken, Parameters(rows, start, count))
                .ConfigureAwait(false);
        }
    }

    /// <summary>The sums over the table and over what was late.</summary>
    public string Totals() =>
        $"select cast(coalesce((select sum({ViewCount}) from {Name}), 0) as bigint) as counted, "
        + $"cast(coalesce((select sum(late_count) from {LateEvents.Table} where rollup = @rollup), 0) as bigint) as late";

    /// <summary>The first window end at or after <c>@after</c>: a look into the index, not a scan of the table.</summary>
    public string FirstWindowEnd() => $"select min({WindowEnd}) from {Name} where {WindowEnd} >= @after";

    /// <summary>
    /// The newest window ends, newest first, at most <c>@limit</c>: one look into the index for each, where "distinct"
    /// would read all of it.
    /// </summary>
    public string NewestWindowEnds() =>
        $"with recursive ends(window_end) as (select max({WindowEnd}) from {Name} union all "
        + $"select (select max({WindowEnd}) from {Name} where {WindowEnd} < ends.window_end) from ends "
        + "where ends.window_end is not null) select window_end from ends where window_end is not null limit @limit";

    /// <summary>The rows whose window ends at or after <c>@after</c> and before <c>@before</c>.</summary>
    public string Rows() =>
        $"select {_dimensions}, {ViewCount}, {WindowEnd} from {Name} where {WindowEnd} >= @after and {WindowEnd} < @before "
        + $"order by {WindowEnd}, {_dimensions}";

    /// <summary>Reads a row of <see cref="Rows"/>.</summary>
    public KeyCount Read(System.Data.Common.DbDataReader reader)
    {
        var values = new string[_dimensionCount];
        for (var index = 0; index < values.Length; index++)
            values[index] = reader.GetString(index);
        return new KeyCount(
            new RollupKey(values),
            Window.EndingAt(reader.GetDateTime(_dimensionCount + 1)),
            reader.GetInt64(_dimensionCount));
    }

    private DataParameter[] Parameters(List<KeyCount> rows, int start, int count)
    {
        var parameters = new DataParameter[count * (_dimensionCount + 2)];
        var next = 0;
        for (var index = start; index < start + count; index++)
        {
            var row = rows[index];
            for (var dimension = 0; dimension < _dimensionCount; dimension++)
                Add(_dialect.Text(UpsertStatement.ParameterName(next), row.Key.Values[dimension]));
            Add(_dialect.WindowEnd(UpsertStatement.ParameterName(next), row.Window));
            Add(_dialect.Number(UpsertStatement.ParameterName(next), row.Count));
        }

        return parameters;

        void Add(DataParameter parameter) => parameters[next++] = parameter;
    }

    private static int ByKeyThenLargest(KeyCount left, KeyCount right)
    {
        var order = ByKey(left, right);
        return order != 0 ? order : right.Count.CompareTo(left.Count);
    }

    /// <summary>The order of the primary key.</summary>
    public static int ByKey(KeyCount left, KeyCount right)
    {
        for (var dimension = 0; dimension < left.Key.Values.Count; dimension++)
        {
            var order = string.CompareOrdinal(left.Key.Values[dimension], right.Key.Values[dimension]);
            if (order != 0)
                return order;
        }

        return left.Window.CompareTo(right.Window);
    }

    private static void KeepFirstOfEachKey(List<KeyCount> rows)
    {
        var kept = 0;
        for (var index = 0; index < rows.Count; index++)
        {
            if (kept == 0 || ByKey(rows[kept - 1], rows[index]) != 0)
                rows[kept++] = rows[index];
        }

        rows.RemoveRange(kept, rows.Count - kept);
    }
}
