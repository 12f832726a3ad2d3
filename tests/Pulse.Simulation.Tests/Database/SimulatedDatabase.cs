using Pulse.Counting;

namespace Pulse.Simulation.Tests.Database;

/// <summary>
/// A database that keeps to transactions: each statement is executed as a whole, on the state that all statements before
/// it made. All states that ever were are remembered, and it can go back to any of them.
/// </summary>
internal sealed class SimulatedDatabase(int buckets, DatabaseMistake mistake)
{
    private readonly List<DatabaseRow[]> _states = [[.. Enumerable.Repeat(DatabaseRow.Empty, buckets)]];
    private long _clock;
    private int _lastValue;

    public IReadOnlyList<DatabaseRow> Rows { get; private set; } = Enumerable.Repeat(DatabaseRow.Empty, buckets).ToArray();

    public int StateCount => _states.Count;

    public bool IsAway { get; set; }

    /// <summary>The bucket of which it stores nothing, whatever it holds; null: it refuses nothing.</summary>
    public int? RefusedBucket { get; set; }

    /// <summary>Whether the first version's declaration was raised, in the state that it is in.</summary>
    public bool IsRaised => Rows[0].RaisedAt is not null;

    /// <summary>How often it went back.</summary>
    public int TimesBack { get; private set; }

    /// <summary>A random value, as far as anybody can tell.</summary>
    public CheckpointId NewValue(CheckpointId previous) => mistake == DatabaseMistake.NumbersInsteadOfRandomValues
        ? Numbered(BitConverter.ToInt32(previous.Value.ToByteArray()) + 1)
        : Numbered(++_lastValue);

    /// <summary>
    /// <c>update … set checkpoint = gen_random_uuid(), generation = … returning *</c>. Null: no row has that declaration.
    /// </summary>
    public BucketRow? TakeOver(int bucket, CheckpointId clientValue, bool isRaised)
    {
        var row = Rows[bucket];
        if (isRaised != row.RaisedAt is not null && mistake != DatabaseMistake.TakeoverOfAnyDeclaration)
            return null;
        var value = mistake switch
        {
            DatabaseMistake.TakeoverWritesNothing => row.Checkpoint,
            DatabaseMistake.ValueMadeByTheClient => clientValue,
            _ => NewValue(row.Checkpoint),
        };
        row = row with { Checkpoint = value, Generation = Math.Max(row.Generation + 1, ++_clock) };
        Write(bucket, row);
        return new BucketRow(row.Checkpoint, row.Generation, row.Positions, row.Balance);
    }

    /// <summary>The one statement. True: it changed the row.</summary>
    public bool Store(int bucket, CheckpointStatement statement)
    {
        var row = Rows[bucket];
        if (row.Checkpoint != statement.Previous && mistake != DatabaseMistake.NoCompareAndSet)
            return false;
        Write(bucket, row.After(statement));
        return true;
    }

    /// <summary>In one transaction, some buckets count by the raised declaration from where they stand, all at the same positions.</summary>
    public void Raise(int count)
    {
        DatabaseRow[] rows = [.. Rows];
        foreach (ref var row in rows.AsSpan(0, count))
        {
            var name = mistake == DatabaseMistake.RaisedRowsKeepTheirNames ? row.Checkpoint : NewValue(row.Checkpoint);
            row = row with { Checkpoint = name, RaisedAt = row.Parsed };
        }

        Rows = rows;
        _states.Add(rows);
    }

    /// <summary>An earlier state comes back.</summary>
    public void GoBackTo(int state)
    {
        Rows = _states[state];
        _states.Add(_states[state]);
        TimesBack++;
    }

    private void Write(int bucket, DatabaseRow row)
    {
        DatabaseRow[] rows = [.. Rows];
        rows[bucket] = row;
        Rows = rows;
        _states.Add(rows);
    }

    private static CheckpointId Numbered(int number) => new(new Guid(number, 0, 0, new byte[8]));
}
