using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Akka.Actor;
using Pulse.Actors.Coordination;
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

    [Fact]
    public async Task Whatever_step_it_dies_at_the_tables_equal_storage_and_each_partition_was_loaded_once()
    {
        var catalog = RollupCatalog.Default;
        var store = await StoredAsync(catalog);
        var step = 0;
        for (var hasCrashed = true; hasCrashed; step++)
        {
            Assert.True(step < Steps, "the export takes more steps than expected");
            await using var run = await CrashRun.StartAsync(catalog.Rollups[..1], store.DatesAsync, store.ReadAsync, step);

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
                [rollup],
                (_, _) => Task.FromResult<IReadOnlyList<DateOnly>>([Counts.NewYear]),
                (_, date, _) => Counts.Streamed(Counts.Rows(date, 20, current is { HasCrashed: true } ? 100 : 1)),
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

    private async Task<ResultStore> StoredAsync(RollupCatalog catalog)
    {
        var store = new ResultStore(
            new StorageOptions(StorageKind.Postgres, await postgres.CreateDatabaseAsync()), catalog);
        await store.PrepareAsync(Window.DefaultLength, CancellationToken.None);
        for (var day = 0; day < Dates; day++)
            await store.UpsertAsync(
                [
                    new BucketResults(
                        catalog.Rollups[0], day, [.. Counts.Rows(Counts.NewYear.AddDays(day), 50)], 0),
                ],
                CancellationToken.None);
        return store;
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
            ImmutableArray<Rollup> rollups,
            Func<Rollup, CancellationToken, Task<IReadOnlyList<DateOnly>>> readDates,
            Func<Rollup, DateOnly, CancellationToken, IAsyncEnumerable<KeyCount>> readRows,
            int crashAt)
        {
            Fake = fake;
            _crashAt = crashAt;
            _warehouse = new BigQueryWarehouse(Counts.Options(fake));
            fake.Fault = FaultOf;
            _with = new ExportCollaborators
            {
                StreamIdentity = _ => Task.FromResult("stream"),
                ReadEnds = _ => Task.FromResult<ImmutableArray<PartitionRange>>([new PartitionRange(0, 0, 10)]),
                ReadCommitted = _ => Task.FromResult(ImmutableDictionary<int, long>.Empty.Add(0, 10)),
                Catalog = RollupCatalog.Default,
                ReadDates = async (rollup, token) =>
                {
                    if (!rollups.Contains(rollup))
                        return [];
                    await StepAsync($"dates of {rollup.Name}");
                    return await readDates(rollup, token);
                },
                ReadRows = (rollup, date, token) => ReadAsync(readRows(rollup, date, token), $"rows of {date}", token),
                Warehouse = _warehouse,
                Mediator = ActorRefs.Nobody,
            };
        }

        public FakeBigQuery Fake { get; }

        public bool HasCrashed { get; private set; }

        public string CrashedAt { get; private set; } = "nowhere";

        public static async Task<CrashRun> StartAsync(
            ImmutableArray<Rollup> rollups,
            Func<Rollup, CancellationToken, Task<IReadOnlyList<DateOnly>>> readDates,
            Func<Rollup, DateOnly, CancellationToken, IAsyncEnumerable<KeyCount>> readRows,
            int crashAt) => new(await FakeBigQuery.StartAsync(), rollups, readDates, readRows, crashAt);

        public async Task<ExportOutcome> FinishAsync()
        {
            using var limit = new CancellationTokenSource(Counts.Limit);
            var ended = new TaskCompletionSource<ExportOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
            var watch = _system.ActorOf(Props.Create(() => new Watch(ended)));
            _system.EventStream.Subscribe(watch, typeof(ExportNotice));
            Start();
            _coordinator.Tell(new CompletionReceived(0, 0, DateTime.UtcNow));
            if (await Task.WhenAny(ended.Task, _crashed.Task).WaitAsync(limit.Token) == _crashed.Task)
            {
                Start();
                // The commit to the completion topic was lost with the crash: it is delivered again.
                _coordinator.Tell(new CompletionReceived(0, 0, DateTime.UtcNow));
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
