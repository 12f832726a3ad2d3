using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Benchmarks.Nodes;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Benchmarks.Checkpoint;

/// <summary>
/// Stores a checkpoint of every bucket by one statement each, from the call to the last outcome: the buckets' rows and the
/// result table.
/// </summary>
/// <param name="storage">The database.</param>
/// <param name="catalog">The rollups.</param>
/// <param name="shape">How many buckets and rows.</param>
internal sealed class StatementBenchmark(StorageOptions storage, RollupCatalog catalog, CheckpointShape shape)
    : ICheckpointSubject, IAsyncDisposable
{
    // About what a bucket writes down of 32 partitions.
    private static readonly string Positions = string.Join(' ', Enumerable.Range(0, 32).Select(partition => $"{partition}:1500000@3"));

    private readonly ICheckpointStore _store = CheckpointStores.For(storage, catalog);
    private readonly Dictionary<BucketId, CheckpointId> _checkpoints = [];

    public async Task PrepareAsync()
    {
        await _store.PrepareAsync(CountingRules.Default, CancellationToken.None);
        foreach (var (bucket, row) in await _store.TakeOverAsync(shape.Buckets, CancellationToken.None))
            _checkpoints[bucket] = row.Checkpoint;
    }

    public async Task<Expense> StoreAsync(Window window)
    {
        CheckpointStatement[] statements =
        [
            .. shape.Buckets.Select((bucket, index) => new CheckpointStatement(
                bucket,
                _checkpoints[bucket],
                new CheckpointId(Guid.NewGuid()),
                Positions,
                new Balance(shape.RowsPerBucket, 0, 0, 0, shape.RowsPerBucket),
                [.. shape.Keys(index).Select(key => new KeyCount(key, window, 1))],
                [])),
        ];
        IReadOnlyList<StatementOutcome> outcomes = [];
        // As pages would have it that hold the newest window.
        var expense = await Expense.OfAsync(async () =>
            outcomes = await _store.StoreAsync(statements, window, CancellationToken.None));
        for (var index = 0; index < statements.Length; index++)
        {
            if (outcomes[index].Result != StatementResult.Stored)
                throw new InvalidOperationException($"A statement was not stored: {outcomes[index].Result} {outcomes[index].Fault?.Message}");
            _checkpoints[statements[index].Bucket] = statements[index].Next;
        }

        return expense;
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();
}
