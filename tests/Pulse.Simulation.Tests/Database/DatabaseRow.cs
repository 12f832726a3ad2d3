using Pulse.Counting;

namespace Pulse.Simulation.Tests.Database;

/// <summary>A bucket's row, its rows in the result table, and its gaps. Never changed: a write makes another one.</summary>
internal sealed record DatabaseRow(
    CheckpointId Checkpoint,
    long Generation,
    string Positions,
    Balance Balance,
    IReadOnlyDictionary<(RollupKey Key, Window Window), long> Counts,
    IReadOnlyList<Gap> Gaps)
{
    public static DatabaseRow Empty { get; } =
        new(default, 0, "", default, new Dictionary<(RollupKey, Window), long>(), []);

    public BucketPositions Parsed { get; } = BucketPositions.Parse(Positions);

    /// <summary>Where it stood when its declaration was raised: what is below was counted by the one before. Null: it was not.</summary>
    public BucketPositions? RaisedAt { get; init; }

    public DatabaseRow After(CheckpointStatement statement)
    {
        var counts = new Dictionary<(RollupKey, Window), long>(Counts);
        foreach (var (key, window, count) in statement.Counts)
            counts[(key, window)] = counts.GetValueOrDefault((key, window)) + count;
        return new DatabaseRow(
            statement.Next, Generation, statement.Positions, Balance + statement.Balance, counts, [.. Gaps, .. statement.Gaps])
        {
            RaisedAt = RaisedAt,
        };
    }
}
