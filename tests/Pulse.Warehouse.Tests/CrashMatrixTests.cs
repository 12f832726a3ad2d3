using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Akka.Actor;
using Pulse.Actors.Coordination;
using Pulse.Actors.Ingest;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;
using Pulse.Testing.BigQuery;
using Pulse.Warehouse.BigQuery;

namespace Pulse.Warehouse.Tests;

/// <summary>
/// The coordinator dies once at every step that it takes: before and after the effect of each request, while it reads
/// each date, while it looks for dates. Whoever follows it must leave every partition as storage has it.
/// </summary>
public sealed class CrashMatrixTests(PostgresFixture postgres)
{
    private const int Steps = 200;
    private const int Dates = 2;
    private const string Stream = "stream";
    private const long End = 10;

    [Fact]
    public async Task Whatever_step_it_dies_at_the_tables_equal_storage_and_each_partition_was_loaded_once()
    {
        var catalog = RollupCatalog.Default;
        await using var storage = await StoredAsync(catalog);
        var (store, source) = (storage.Results, new ExportSource(storage, catalog));
        var step = 0;
        for (var hasCrashed = true; hasCrashed; step++)
        {
            Assert.True(step < Steps, "the export takes more steps than expected");
            await using var run = await CrashRun.StartAsync(source.ReadDatesAsync, source.ReadRowsAsync, step);

            var outcome = await run.FinishAsync();

            hasCrashed = run.HasCrashed;
            var told = $"died at step {step}: {run.CrashedAt}";
            Assert.True(outcome.Succeeded, $"{told}: {outcome.Failure}");
            Assert.Empty(run.Fake.Violations);
            foreach (var date in await store.DatesAsync(catalog.Rollups[0], CancellationToken.None))
            {
                var rows = new List<KeyCount>();
                await foreach (var row in store.ReadAsync(catalog.Rollups[0], date, CancellationToken.None))
                    rows.Add(row);
                Assert.Equal(
                    Counts.Expected(rows).Order(StringComparer.Ordinal),
                    Counts.Held(run.Fake, catalog.Rollups[0], date).Order(StringComparer.Ordinal));
            }

            var loads = run.Fake.Loads.GroupBy(load => (load.Table, load.Partition)).ToList();
            Assert.True(loads.Count == Dates && loads.All(partition => partition.Count() == 1),
                $"{told}: {string.Join(", ", run.Fake.Loads)}");
        }

        Assert.True(step > 40, $"only {step} steps");
    }

    [Fact]
    public async Task Where_the_rows_change_between_death_and_successor_the_new_ones_win_and_no_two_loads_meet()
    {
        var rollup = RollupCatalog.BuiltIn[0];
        var step = 0;
        for (var hasCrashed = true; hasCrashed; step++)
        {
            Assert.True(step < Steps, "the export takes more steps than expected");
            CrashRun? current = null;
            await using var run = await CrashRun.StartAsync(
                (_, _) => Task.FromResult<IReadOnlyList<RollupDate>>([new RollupDate(rollup.Name, Counts.NewYear)]),
                (_, _, date, _) => Counts.Streamed(Counts.Rows(date, 20, current is { HasCrashed: true } ? 100 : 1)),
                step);
            current = run;

            var outcome = await run.FinishAsync();

            hasCrashed = run.HasCrashed;
            Assert.True(outcome.Succeeded, $"died at step {step}: {run.CrashedAt}: {outcome.Failure}");
            Assert.Empty(run.Fake.Violations);
            Assert.Equal(
                Counts.Expected(Counts.Rows(Counts.NewYear, 20, hasCrashed ? 100 : 1)).Order(StringComparer.Ordinal),
                Counts.Held(run.Fake, rollup, Counts.NewYear).Order(StringComparer.Ordinal));
        }

        Assert.True(step > 20, $"only {step} steps");
    }

    private async Task<NodeStorage> StoredAsync(RollupCatalog catalog)
    {
        var storage = new NodeStorage(new StorageOptions(StorageKind.Postgres, await postgres.CreateDatabaseAsync()), catalog);
        await storage.PrepareAsync(CountingRules.Default, CancellationToken.None);
        var writer = new BucketWriter(storage, catalog);
        for (var day = 0; day < Dates; day++)
            await writer.CountAsync(catalog.Rollups[0], Counts.Rows(Counts.NewYear.AddDays(day), 50));
        await writer.MoveAsync(new StreamPartition(Stream, 0), End);
        return storage;
    }

    /// <summary>One export with one death.</summary>
    private sealed class CrashRun : IAsyncDisposable
    {
        private static readonly ExportOptions Patience = new()
        {
            PollInterval = TimeSpan.FromMilliseconds(5), FirstPause = TimeSpan.FromMilliseconds(5),
        };

        private readonly ActorSystem _system = ActorSystem.Create("pulse", ExportMessageSerializer.Configuration.WithFallback("""
            akka {
              loglevel = OFF
              stdout-loglevel = OFF
              persistence.journal.plugin = "akka.persistence.journal.inmem"
              persistence.journal.inmem.circuit-breaker.call-timeout = 120s
              persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
            }
            """));

        private readonly BigQueryWarehouse _warehouse;
        private readonly ExportCollaborators _with;
        private readonly int _crashAt;
        private readonly TaskCompletionSource _crashed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _step = -1;
        private IActorRef _coordinator = ActorRefs.Nobody;

        private CrashRun(
            FakeBigQuery fake,
            Func<CompletionAccepted, CancellationToken, Task<IReadOnlyList<RollupDate>>> readDates,
            Func<CompletionAccepted, Rollup, DateOnly, CancellationToken, IAsyncEnumerable<KeyCount>> readRows,
            int crashAt)
        {
            Fake = fake;
            _crashAt = crashAt;
            _warehouse = new BigQueryWarehouse(Counts.Options(fake));
            fake.Fault = FaultOf;
            _with = new ExportCollaborators
            {
                StreamIdentity = _ => Task.FromResult(Stream),
                ReadEnds = _ => Task.FromResult<ImmutableArray<PartitionRange>>([new PartitionRange(0, 0, End)]),
                ReadStored = (_, _) => Task.FromResult(new StoredProgress(ImmutableDictionary<int, long>.Empty.Add(0, End))),
                Catalog = RollupCatalog.Default,
                ReadDates = async (completion, token) =>
                {
                    await StepAsync("dates");
                    return await readDates(completion, token);
                },
                ReadRows = (completion, rollup, date, token) =>
                    ReadAsync(readRows(completion, rollup, date, token), $"rows of {date}", token),
                Warehouse = _warehouse,
                Mediator = ActorRefs.Nobody,
            };
        }

        public FakeBigQuery Fake { get; }

        public bool HasCrashed { get; private set; }

        public string CrashedAt { get; private set; } = "nowhere";

        public static async Task<CrashRun> StartAsync(
            Func<CompletionAccepted, CancellationToken, Task<IReadOnlyList<RollupDate>>> readDates,
            Func<CompletionAccepted, Rollup, DateOnly, CancellationToken, IAsyncEnumerable<KeyCount>> readRows,
            int crashAt) => new(await FakeBigQuery.StartAsync(), readDates, readRows, crashAt);

        public async Task<ExportOutcome> FinishAsync()
        {
            using var limit = new CancellationTokenSource(Counts.Limit);
            var ended = new TaskCompletionSource<ExportOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
            var watch = _system.ActorOf(Props.Create(() => new Watch(ended)));
            _system.EventStream.Subscribe(watch, typeof(ExportNotice));
            Start();
            _coordinator.Tell(new CompletionReceived(new CompletionId(Stream, 0, 0), DateTime.UtcNow));
            if (await Task.WhenAny(ended.Task, _crashed.Task).WaitAsync(limit.Token) == _crashed.Task)
            {
                Start();
                // The commit to the completion topic was lost with the crash: it is delivered again.
                _coordinator.Tell(new CompletionReceived(new CompletionId(Stream, 0, 0), DateTime.UtcNow));
            }

            return await ended.Task.WaitAsync(limit.Token);
        }

        public async ValueTask DisposeAsync()
        {
            await _system.Terminate();
            _warehouse.Dispose();
            await Fake.DisposeAsync();
        }

        private void Start() => _coordinator = _system.ActorOf(Coordinator.Props(_with, Patience));

        private FakeFault? FaultOf(FakeCall call) =>
            CrashesHere($"before {call.Method} {call.Path}") ? FakeFault.Crash(false, CrashAsync)
            : CrashesHere($"after {call.Method} {call.Path}") ? FakeFault.Crash(true, CrashAsync)
            : null;

        private async IAsyncEnumerable<KeyCount> ReadAsync(
            IAsyncEnumerable<KeyCount> rows, string name, [EnumeratorCancellation] CancellationToken token)
        {
            var read = 0;
            await foreach (var row in rows.WithCancellation(token))
            {
                if (++read == 10)
                    await StepAsync(name);
                yield return row;
            }
        }

        private async Task StepAsync(string name)
        {
            if (!CrashesHere(name))
                return;
            await CrashAsync();
            throw new InvalidOperationException("This process is no more.");
        }

        private bool CrashesHere(string name)
        {
            if (Interlocked.Increment(ref _step) != _crashAt)
                return false;
            CrashedAt = name;
            return true;
        }

        /// <summary>
        /// The nearest to a killed process that leaves the test alive: what the coordinator has running is cancelled,
        /// nothing more is stored, nothing is told to end properly.
        /// </summary>
        private async Task CrashAsync()
        {
            await _coordinator.GracefulStop(Counts.Limit, PoisonPill.Instance);
            HasCrashed = true;
            _crashed.TrySetResult();
        }

        private sealed class Watch : ReceiveActor
        {
            public Watch(TaskCompletionSource<ExportOutcome> ended)
            {
                Receive<ExportFinished>(it => ended.TrySetResult(it.Outcome));
                Receive<ExportFailed>(it => ended.TrySetResult(it.Outcome));
                ReceiveAny(_ => { });
            }
        }
    }
}
