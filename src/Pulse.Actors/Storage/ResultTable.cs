using System.Data.Common;
using System.Runtime.CompilerServices;
using Pulse.Actors.Storage.Checkpoints;
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

    public ResultTable(Rollup rollup, SqlDialect dialect)
    {
        Rollup = rollup;
        _dialect = dialect;
        _dimensions = string.Join(", ", rollup.Dimensions);
        _dimensionCount = rollup.Dimensions.Length;
    }

    public Rollup Rollup { get; }

    /// <summary>The table's name, unquoted.</summary>
    public string Name => Rollup.TableName;

    /// <summary>The windows that end on a UTC date: at or after the first of the two and before the second.</summary>
    public static (Window From, Window Before) WindowsEndingOn(DateOnly date)
    {
        var midnight = Window.EndingAt(date.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc));
        return (midnight, new Window(midnight.EndUnixSeconds + (24 * 60 * 60)));
    }

    /// <summary>Makes the table, and the index by time that exports and charts read.</summary>
    public IEnumerable<string> Creation()
    {
        var columns = string.Concat(Rollup.Dimensions.Select(name => $"{name} {_dialect.TextType} not null, "));
        yield return $"create table if not exists {Name} ({columns}{ViewCount} bigint not null, "
            + $"{WindowEnd} {_dialect.InstantType} not null, primary key ({_dimensions}, {WindowEnd}))";
        yield return $"create index if not exists {Name}_time on {Name} ({WindowEnd})";
    }

    /// <summary>The UTC dates of window ends, ascending: for each one look into the index, not a scan of the table.</summary>
    public async Task<IReadOnlyList<DateOnly>> ReadDatesAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var dates = new List<DateOnly>();
        for (var after = DateTime.UnixEpoch; ; after = after.AddDays(1))
        {
            var command = connection.Command(
                $"select min({WindowEnd}) from {Name} where {WindowEnd} >= @after", ("after", _dialect.Instant(after)));
            await using var disposing = command.ConfigureAwait(false);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            if (!await reader.ReadAsync(cancellationToken).ConfigureAwait(false) || reader.IsDBNull(0))
                return dates;
            after = reader.GetDateTime(0).Date;
            dates.Add(DateOnly.FromDateTime(after));
        }
    }

    /// <summary>
    /// The newest window ends, newest first, at most <c>@limit</c>: one look into the index for each, where "distinct"
    /// would read all of it.
    /// </summary>
    public string NewestWindowEnds() =>
        $"with recursive ends(window_end) as (select max({WindowEnd}) from {Name} union all "
        + $"select (select max({WindowEnd}) from {Name} where {WindowEnd} < ends.window_end) from ends "
        + "where ends.window_end is not null) select window_end from ends where window_end is not null limit @limit";

    /// <summary>
    /// Streams the rows whose window ends at or after <paramref name="from"/> and before <paramref name="before"/>,
    /// ordered by window end, then dimensions. One row at a time is in memory.
    /// </summary>
    public async IAsyncEnumerable<KeyCount> ReadAsync(
        DbConnection connection,
        Window from,
        Window before,
        StorageFaults faults,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var command = connection.Command(
            $"select {_dimensions}, {ViewCount}, {WindowEnd} from {Name} where {WindowEnd} >= @after and {WindowEnd} < @before "
            + $"order by {WindowEnd}, {_dimensions}",
            ("after", _dialect.Instant(from.EndUtc)),
            ("before", _dialect.Instant(before.EndUtc)));
        await using var disposing = command.ConfigureAwait(false);
        // An iterator can't yield inside try/catch, so each step is guarded by itself.
        await using var reader = await faults.GuardAsync(() => command.ExecuteReaderAsync(cancellationToken), cancellationToken)
            .ConfigureAwait(false);
        while (await faults.GuardAsync(() => reader.ReadAsync(cancellationToken), cancellationToken).ConfigureAwait(false))
            yield return Read(reader);
    }

    /// <summary>Reads a row of dimensions, count and window end.</summary>
    public KeyCount Read(DbDataReader reader)
    {
        var values = new string[_dimensionCount];
        for (var index = 0; index < values.Length; index++)
            values[index] = reader.GetString(index);
        return new KeyCount(
            new RollupKey(values),
            Window.EndingAt(reader.GetDateTime(_dimensionCount + 1)),
            reader.GetInt64(_dimensionCount));
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
}
