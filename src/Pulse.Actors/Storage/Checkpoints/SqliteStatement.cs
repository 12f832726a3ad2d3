using Microsoft.Data.Sqlite;
using Pulse.Counting;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>
/// A checkpoint on SQLite, which has no statement that changes several tables: the bucket's row first, the rest only if it
/// changed, in one transaction that nothing waits in.
/// </summary>
internal sealed class SqliteStatement
{
    private const string Fence =
        """
        update pulse_bucket set checkpoint = @next, positions = @positions, counted = counted + @counted, late = late + @late,
          dead = dead + @dead, filtered = filtered + @filtered, consumed = consumed + @consumed
        where version = @version and bucket = @bucket and checkpoint = @previous
        """;

    private const string Gap =
        "insert into pulse_gap (version, bucket, stream, partition, from_offset, to_offset) "
        + "values (@version, @bucket, @stream, @partition, @from, @to)";

    private readonly RollupVersion _version;
    private readonly string _cells;

    /// <param name="version">The version of the rollup whose buckets it stores.</param>
    public SqliteStatement(RollupVersion version)
    {
        _version = version;
        const string end = ResultTable.WindowEnd;
        const string count = ResultTable.ViewCount;
        var names = string.Join(", ", version.Rollup.Dimensions);
        var values = string.Join(", ", Enumerable.Range(0, version.Rollup.Dimensions.Length + 2).Select(index => $"value ->> {index}"));
        // "where true" tells the parser that "on" begins no join.
        _cells = $"""
            insert into {version.Table.Name} ({names}, {end}, {count}) select {values} from json_each(@cells) where true
            on conflict ({names}, {end}) do update set {count} = {count} + excluded.{count}
            returning {names}, {count}, {end}
            """;
    }

    /// <summary>Stores the statement in a transaction of its own.</summary>
    public StatementOutcome Store(SqliteConnection connection, PreparedStatement prepared, Window? reportedFrom)
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        if (!TryMove(connection, prepared.Statement))
            return StatementOutcome.NotStored;

        foreach (var gap in prepared.Statement.Gaps)
            Add(connection, prepared.Statement.Bucket, gap);
        var counts = Add(connection, prepared.Cells, reportedFrom);
        transaction.Commit();
        return StatementOutcome.Stored(counts);
    }

    private bool TryMove(SqliteConnection connection, CheckpointStatement statement)
    {
        using var command = connection.Command(
            Fence,
            ("version", _version.Number),
            ("bucket", statement.Bucket.Number),
            ("previous", statement.Previous.Value.ToByteArray()),
            ("next", statement.Next.Value.ToByteArray()),
            ("positions", statement.Positions),
            ("counted", statement.Balance.Counted),
            ("late", statement.Balance.Late),
            ("dead", statement.Balance.Dead),
            ("filtered", statement.Balance.Filtered),
            ("consumed", statement.Balance.Consumed));
        return command.ExecuteNonQuery() == 1;
    }

    private void Add(SqliteConnection connection, BucketId bucket, Gap gap)
    {
        using var command = connection.Command(
            Gap,
            ("version", _version.Number),
            ("bucket", bucket.Number),
            ("stream", gap.Partition.Stream),
            ("partition", gap.Partition.Partition),
            ("from", gap.From),
            ("to", gap.To));
        command.ExecuteNonQuery();
    }

    private List<KeyCount> Add(SqliteConnection connection, CellColumns cells, Window? reportedFrom)
    {
        using var command = connection.Command(_cells, ("cells", CellJson.Write(cells.Sorted)));
        using var reader = command.ExecuteReader();
        var counts = new List<KeyCount>();
        while (reader.Read())
        {
            var cell = _version.Table.Read(reader);
            if (cell.Window >= reportedFrom)
                counts.Add(cell);
        }

        return counts;
    }
}
