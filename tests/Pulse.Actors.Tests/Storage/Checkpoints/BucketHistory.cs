using System.Globalization;
using System.Numerics;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;

namespace Pulse.Actors.Tests.Storage.Checkpoints;

/// <summary>
/// Statements of one bucket that the database can be asked for: the n-th counts 2^n events of a title that all have and 2^n
/// of one that is its own, so that a sum tells which ones it is the sum of, each once.
/// </summary>
internal sealed class BucketHistory(CheckpointDatabase database, int number)
{
    public static readonly Window Window = new(1_767_225_900);

    private readonly List<CheckpointStatement> _made = [];
    private readonly HashSet<CheckpointId> _taken = [];

    public BucketId Bucket { get; } = new BucketId(CheckpointDatabase.Titles.Name, number);

    /// <summary>Takes the bucket over.</summary>
    /// <returns>The name that the first statement follows on.</returns>
    public async Task<CheckpointId> TakeOverAsync(ICheckpointStore store)
    {
        var row = (await store.TakeOverAsync([Bucket], CancellationToken.None))[Bucket];
        lock (_taken)
            _taken.Add(row.Checkpoint);
        return row.Checkpoint;
    }

    /// <summary>Makes the next statement.</summary>
    public CheckpointStatement After(CheckpointId previous)
    {
        var count = 1L << _made.Count;
        var statement = new CheckpointStatement(
            Bucket,
            previous,
            new CheckpointId(Guid.NewGuid()),
            $"positions of {_made.Count}",
            new Balance(2 * count, count, count, count, 5 * count),
            [Cell("shared", count), Cell($"own {_made.Count}", count)],
            []);
        _made.Add(statement);
        return statement;
    }

    /// <summary>
    /// Which statements the database holds, in their order. Fails where row, counters and table are not the sum of the very
    /// same statements, or where these are no chain.
    /// </summary>
    public async Task<IReadOnlyList<CheckpointStatement>> StoredAsync()
    {
        var row = Assert.Single(await database.QueryAsync(
            "select counted, late, dead, filtered, consumed, positions from pulse_bucket join pulse_version using (version) "
            + $"where rollup = '{Bucket.Rollup}' and bucket = {number}")).Split('|');
        var sum = long.Parse(row[1], CultureInfo.InvariantCulture);
        Assert.True(BitOperations.Log2((ulong)sum | 1) < Math.Max(_made.Count, 1), $"{sum} is no sum of {_made.Count} statements.");
        var stored = _made.Where((_, index) => (sum >> index & 1) == 1).ToList();

        Assert.Equal([$"{2 * sum}", $"{sum}", $"{sum}", $"{sum}", $"{5 * sum}", stored.LastOrDefault()?.Positions ?? ""], row);
        Assert.Equal(
            stored.SelectMany(statement => statement.Counts)
                .GroupBy(cell => cell.Key.Values[0], cell => cell.Count)
                .Select(title => $"{title.Key}|{title.Sum()}").Order(StringComparer.Ordinal),
            (await database.QueryAsync(
                $"select content_name, view_count from viewsByTitleAggregation where language = '{number}'")).Order(StringComparer.Ordinal));
        for (var index = 0; index < stored.Count; index++)
            Assert.True(
                _taken.Contains(stored[index].Previous) || (index > 0 && stored[index].Previous == stored[index - 1].Next),
                $"Statement {index} follows on nothing that the row has held.");
        return stored;
    }

    private KeyCount Cell(string title, long count) =>
        new(new RollupKey(title, number.ToString(CultureInfo.InvariantCulture)), Window, count);
}
