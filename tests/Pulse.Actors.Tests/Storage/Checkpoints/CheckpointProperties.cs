using System.Globalization;
using CsCheck;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Checkpoints;

public sealed class SqliteCheckpointProperties(PostgresFixture postgres) : CheckpointProperties(StorageKind.Sqlite, postgres);

public sealed class PostgresCheckpointProperties(PostgresFixture postgres) : CheckpointProperties(StorageKind.Postgres, postgres);

/// <summary>
/// Whatever two nodes do with two buckets, in whatever order, the database holds what a plain model of compare-and-set holds,
/// and every outcome is the model's.
/// </summary>
public abstract class CheckpointProperties(StorageKind kind, PostgresFixture postgres) : IAsyncLifetime
{
    private const int Nodes = 2;
    private const int Buckets = 2;
    private static readonly string[] Titles = ["Dune", "Heat", "Ünder 'it'"];

    // Mostly statements: a takeover ends the chain of the other node.
    private static readonly Gen<Step> Steps = Gen.Select(
        Gen.Frequency((1, Gen.Const(Act.TakeOver)), (4, Gen.Const(Act.Store)), (1, Gen.Const(Act.Repeat)), (1, Gen.Const(Act.Both))),
        Gen.Int[0, Nodes - 1],
        Gen.Int[0, Buckets - 1],
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 2], Gen.Int[1, 9]).Array[0, 5],
        Gen.Bool,
        (act, node, bucket, cells, hasGap) => new Step(act, node, bucket, cells, hasGap));

    private CheckpointDatabase _database = null!;
    private ICheckpointStore[] _stores = [];

    private enum Act
    {
        TakeOver,
        Store,
        Repeat,
        Both,
    }

    public async ValueTask InitializeAsync()
    {
        _database = await CheckpointDatabase.CreateAsync(kind, postgres);
        _stores = [_database.Store, await _database.OpenAsync()];
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
            await _database.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public Task The_database_is_what_the_model_is_after_every_history() =>
        Steps.Array[1, 30].SampleAsync(RunAsync, iter: 60, threads: 1);

    private async Task RunAsync(Step[] steps)
    {
        await _database.QueryAsync("delete from viewsByTitleAggregation");
        await _database.QueryAsync("delete from pulse_gap");
        await _database.QueryAsync("update pulse_bucket set positions = '', counted = 0, late = 0, dead = 0, filtered = 0, consumed = 0");
        var buckets = Enumerable.Range(0, Buckets).Select(number => new ModelBucket(number)).ToArray();
        for (var node = 0; node < Nodes; node++)
        {
            foreach (var bucket in buckets)
                await TakeOverAsync(bucket, node);
        }

        foreach (var step in steps)
            await (step.Act switch
            {
                Act.TakeOver => TakeOverAsync(buckets[step.Bucket], step.Node),
                Act.Store => StoreAsync(step, buckets[step.Bucket].Next(step)),
                Act.Repeat => StoreAsync(step, [.. buckets[step.Bucket].Latest(step.Node)]),
                _ => StoreAsync(step, [.. buckets.SelectMany(bucket => bucket.Next(step))]),
            });

        await AssertHoldsAsync(buckets);

        Task StoreAsync(Step step, CheckpointStatement[] statements) => StoreAndCompareAsync(buckets, step.Node, statements);
    }

    private async Task TakeOverAsync(ModelBucket bucket, int node)
    {
        var row = (await _stores[node].TakeOverAsync([bucket.Id], CancellationToken.None))[bucket.Id];

        Assert.Equal((bucket.Positions, bucket.Balance), (row.Positions, row.Balance));
        Assert.NotEqual(bucket.Checkpoint, row.Checkpoint);
        bucket.TakenOver(node, row.Checkpoint);
    }

    private async Task StoreAndCompareAsync(ModelBucket[] buckets, int node, CheckpointStatement[] statements)
    {
        var outcomes = await _stores[node].StoreAsync(statements, ModelBucket.Windows[1], CancellationToken.None);

        for (var index = 0; index < statements.Length; index++)
        {
            var bucket = buckets[statements[index].Bucket.Number];
            var counts = bucket.Apply(node, statements[index]);
            Assert.Equal(counts is null ? StatementResult.NotStored : StatementResult.Stored, outcomes[index].Result);
            Assert.Equal(counts ?? [], outcomes[index].Counts.ToHashSet());
        }
    }

    private async Task AssertHoldsAsync(ModelBucket[] buckets)
    {
        await using var snapshot = await _stores[0].ReadSnapshotAsync(CancellationToken.None);
        var stored = new HashSet<KeyCount>();
        await foreach (var count in snapshot.ReadAsync(
            CheckpointDatabase.Titles, ModelBucket.Windows[0], new Window(ModelBucket.Windows[^1].EndUnixSeconds + 1), CancellationToken.None))
            stored.Add(count);

        Assert.Equal(buckets.SelectMany(bucket => bucket.Counts).ToHashSet(), stored);
        foreach (var bucket in buckets)
        {
            var row = snapshot.Buckets[bucket.Id];
            Assert.Equal((bucket.Checkpoint, bucket.Positions, bucket.Balance), (row.Checkpoint, row.Positions, row.Balance));
        }

        Assert.Equal(
            buckets.SelectMany(bucket => bucket.Gaps).Order(StringComparer.Ordinal),
            (await _database.QueryAsync("select bucket, stream, partition, from_offset, to_offset from pulse_gap")).Order(StringComparer.Ordinal));
    }

    private sealed record Step(Act Act, int Node, int Bucket, (int Title, int Window, int Count)[] Cells, bool HasGap)
    {
        public override string ToString() => $"{Act} by {Node} of {Bucket}: {Cells.Length} cells{(HasGap ? " and a gap" : "")}";
    }

    /// <summary>A bucket as it must be, and what each node believes of it.</summary>
    private sealed class ModelBucket(int number)
    {
        public static readonly Window[] Windows = [BucketHistory.Window, new(BucketHistory.Window.EndUnixSeconds + 300), new(BucketHistory.Window.EndUnixSeconds + 86_400)];

        private readonly Dictionary<(RollupKey Key, Window Window), long> _counts = [];
        private readonly CheckpointId[] _believed = new CheckpointId[Nodes];
        private readonly CheckpointStatement?[] _latest = new CheckpointStatement?[Nodes];
        private int _made;

        public BucketId Id { get; } = new BucketId(CheckpointDatabase.Titles.Name, number);

        public CheckpointId Checkpoint { get; private set; }

        public string Positions { get; private set; } = "";

        public Balance Balance { get; private set; }

        public List<string> Gaps { get; } = [];

        public IEnumerable<KeyCount> Counts => _counts.Select(cell => new KeyCount(cell.Key.Key, cell.Key.Window, cell.Value));

        public void TakenOver(int node, CheckpointId checkpoint)
        {
            Checkpoint = checkpoint;
            _believed[node] = checkpoint;
        }

        /// <summary>A statement that follows on what the node believes, and one that follows on that.</summary>
        public CheckpointStatement[] Next(Step step)
        {
            var first = Make(step, _believed[step.Node]);
            var second = Make(step, first.Next);
            _latest[step.Node] = second;
            return [first, second];
        }

        /// <summary>The last statement that the node made, if it did.</summary>
        public IEnumerable<CheckpointStatement> Latest(int node) => _latest[node] is { } latest ? [latest] : [];

        /// <summary>Executes a statement.</summary>
        /// <returns>The counts of the cells that it changed in the newer windows; null where it changes nothing.</returns>
        public HashSet<KeyCount>? Apply(int node, CheckpointStatement statement)
        {
            if (statement.Previous != Checkpoint)
                return null;

            Checkpoint = _believed[node] = statement.Next;
            Positions = statement.Positions;
            Balance += statement.Balance;
            Gaps.AddRange(statement.Gaps.Select(gap => $"{number}|{gap.Partition.Stream}|{gap.Partition.Partition}|{gap.From}|{gap.To}"));
            foreach (var (key, window, count) in statement.Counts)
                _counts[(key, window)] = _counts.GetValueOrDefault((key, window)) + count;
            return [.. Counts.Where(cell => cell.Window >= Windows[1]
                && statement.Counts.Any(changed => changed.Key.Equals(cell.Key) && changed.Window == cell.Window))];
        }

        private CheckpointStatement Make(Step step, CheckpointId previous)
        {
            var cells = step.Cells.DistinctBy(cell => (cell.Title, cell.Window)).Select(cell => new KeyCount(
                new RollupKey(Titles[cell.Title], number.ToString(CultureInfo.InvariantCulture)), Windows[cell.Window], cell.Count)).ToList();
            var made = ++_made;
            return new CheckpointStatement(
                Id,
                previous,
                new CheckpointId(Guid.NewGuid()),
                $"positions {made}",
                new Balance(cells.Sum(cell => cell.Count), made, 1, 2, 3),
                cells,
                step.HasGap ? [new Gap(new StreamPartition("stream", step.Node), made, made + 5)] : []);
        }
    }
}
