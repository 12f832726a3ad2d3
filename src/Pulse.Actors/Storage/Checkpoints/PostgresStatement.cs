using Npgsql;
using NpgsqlTypes;
using Pulse.Counting;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>
/// A checkpoint as one statement of PostgreSQL: it changes the bucket's row only if that holds the content that the
/// statement follows on, and everything else only if it changed the row. Never part of a longer transaction: a client that
/// stops between two statements would keep the row locked.
/// </summary>
internal sealed class PostgresStatement
{
    private const NpgsqlDbType Texts = NpgsqlDbType.Array | NpgsqlDbType.Text;
    private const NpgsqlDbType Numbers = NpgsqlDbType.Array | NpgsqlDbType.Bigint;

    // Without a window that pages hold, none is at or after this one.
    private static readonly DateTime Never = DateTime.MaxValue;

    private readonly RollupVersion _version;
    private readonly int _dimensions;
    private readonly string _text;

    /// <param name="version">The version of the rollup whose buckets it stores.</param>
    public PostgresStatement(RollupVersion version)
    {
        _version = version;
        _dimensions = version.Rollup.Dimensions.Length;

        // The first DataRow must come after the last change, so the counts come as arrays in one row: the driver would lose
        // its place in a batch where an error comes between two rows.
        var names = string.Join(", ", version.Rollup.Dimensions);
        var cells = string.Join(", ", Enumerable.Range(16, _dimensions + 2).Select(number => $"${number}"));
        var arrays = string.Concat(version.Rollup.Dimensions.Select(name => $", array_agg({name})"));
        var table = version.Table.Name;
        const string end = ResultTable.WindowEnd;
        const string count = ResultTable.ViewCount;
        _text = $"""
            with fence as (
              update pulse_bucket set checkpoint = $4, positions = $5, counted = counted + $6, late = late + $7, dead = dead + $8,
                filtered = filtered + $9, consumed = consumed + $10
              where version = $1 and bucket = $2 and checkpoint = $3 returning 1),
            gaps as (
              insert into pulse_gap (version, bucket, stream, partition, from_offset, to_offset)
              select $1, $2, gap.* from unnest($11, $12, $13, $14) as gap where exists (select 1 from fence)),
            cells as (
              insert into {table} as stored ({names}, {end}, {count})
              select cell.* from unnest({cells}) as cell where exists (select 1 from fence)
              on conflict ({names}, {end}) do update set {count} = stored.{count} + excluded.{count}
              returning {names}, {end}, {count})
            select (select count(*) from fence), array_agg({end}), array_agg({count}){arrays} from cells where {end} >= $15
            """;
    }

    /// <summary>The statement for a batch.</summary>
    /// <param name="statement">What to store.</param>
    /// <param name="cells">Its cells.</param>
    /// <param name="reportedFrom">The least window of which counts are read back; null for none.</param>
    public NpgsqlBatchCommand Command(CheckpointStatement statement, CellColumns cells, Window? reportedFrom)
    {
        var command = new NpgsqlBatchCommand(_text);
        Add(_version.Number, NpgsqlDbType.Integer);
        Add(statement.Bucket.Number, NpgsqlDbType.Integer);
        Add(statement.Previous.Value, NpgsqlDbType.Uuid);
        Add(statement.Next.Value, NpgsqlDbType.Uuid);
        Add(statement.Positions, NpgsqlDbType.Text);
        Add(statement.Balance.Counted, NpgsqlDbType.Bigint);
        Add(statement.Balance.Late, NpgsqlDbType.Bigint);
        Add(statement.Balance.Dead, NpgsqlDbType.Bigint);
        Add(statement.Balance.Filtered, NpgsqlDbType.Bigint);
        Add(statement.Balance.Consumed, NpgsqlDbType.Bigint);
        Add(statement.Gaps.Select(gap => gap.Partition.Stream).ToArray(), Texts);
        Add(statement.Gaps.Select(gap => gap.Partition.Partition).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Integer);
        Add(statement.Gaps.Select(gap => gap.From).ToArray(), Numbers);
        Add(statement.Gaps.Select(gap => gap.To).ToArray(), Numbers);
        Add(reportedFrom is { } window ? DateTime.SpecifyKind(window.EndUtc, DateTimeKind.Unspecified) : Never, NpgsqlDbType.Timestamp);
        for (var dimension = 0; dimension < _dimensions; dimension++)
            Add(cells.Values(dimension), Texts);
        Add(cells.WindowEnds(), NpgsqlDbType.Array | NpgsqlDbType.Timestamp);
        Add(cells.Increments(), Numbers);
        return command;

        void Add<T>(T value, NpgsqlDbType type) =>
            command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type });
    }

    /// <summary>Reads the statement's one row.</summary>
    public StatementOutcome Read(NpgsqlDataReader row)
    {
        if (row.GetInt64(0) == 0)
            return StatementOutcome.NotStored;
        if (row.IsDBNull(1))
            return StatementOutcome.Stored([]);

        var ends = row.GetFieldValue<DateTime[]>(1);
        var counts = row.GetFieldValue<long[]>(2);
        var values = new string[_dimensions][];
        for (var dimension = 0; dimension < _dimensions; dimension++)
            values[dimension] = row.GetFieldValue<string[]>(3 + dimension);

        var cells = new KeyCount[ends.Length];
        var key = new string[_dimensions];
        for (var index = 0; index < cells.Length; index++)
        {
            for (var dimension = 0; dimension < _dimensions; dimension++)
                key[dimension] = values[dimension][index];
            cells[index] = new KeyCount(new RollupKey(key), Window.EndingAt(ends[index]), counts[index]);
        }

        return StatementOutcome.Stored(cells);
    }
}
