using System.Collections.Concurrent;
using Pulse.Actors.Coordination;
using Pulse.Counting;
using Pulse.Warehouse;

namespace Pulse.Actors.Tests.Export;

/// <summary>A warehouse in memory that notes what it was asked for, and fails or waits where a spec says so.</summary>
internal sealed class RecordingWarehouse : IWarehouse
{
    private readonly ConcurrentDictionary<RollupDate, int> _running = new();
    private readonly ConcurrentDictionary<RollupDate, string> _digests = new();
    private int _runningInAll;

    public string Description => "a warehouse in memory";

    public string Identity => "memory";

    internal ConcurrentDictionary<RollupDate, IReadOnlyList<KeyCount>> Tables { get; } = new();

    /// <summary>The dates whose export was begun, each time it was.</summary>
    internal ConcurrentQueue<RollupDate> Replacements { get; } = new();

    /// <summary>The dates that were loaded, each time they were.</summary>
    internal ConcurrentQueue<RollupDate> Loads { get; } = new();

    /// <summary>The digests that were waited for.</summary>
    internal ConcurrentQueue<string> Settled { get; } = new();

    /// <summary>Called at the start of a replacement: throws, waits, or lets it pass.</summary>
    internal Func<RollupDate, CancellationToken, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Called before a staged date is loaded: throws, waits, or lets it pass.</summary>
    internal Func<RollupDate, CancellationToken, Task> BeforeLoad { get; set; } = (_, _) => Task.CompletedTask;

    internal int MostAtATime { get; private set; }

    internal bool WasEverReplacedTwiceAtATime { get; private set; }

    public Task PrepareAsync(Rollup rollup, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<IStagedDate> StageAsync(
        Rollup rollup, DateOnly date, IAsyncEnumerable<KeyCount> rows, CancellationToken cancellationToken)
    {
        var unit = new RollupDate(rollup.Name, date);
        Replacements.Enqueue(unit);
        lock (_running)
        {
            MostAtATime = Math.Max(MostAtATime, ++_runningInAll);
            WasEverReplacedTwiceAtATime |= _running.AddOrUpdate(unit, 1, (_, running) => running + 1) > 1;
        }

        try
        {
            await Before(unit, cancellationToken);
            using var digest = new ContentDigest(Identity, rollup, date);
            var read = new List<KeyCount>();
            await foreach (var row in rows.WithCancellation(cancellationToken))
            {
                digest.Add(row);
                read.Add(row);
            }

            return new StagedDate(this, unit, read, digest.Complete());
        }
        catch
        {
            Ended(unit);
            throw;
        }
    }

    public Task SettleAsync(
        Rollup rollup, DateOnly date, string digest, Action<DateStatus> tell, CancellationToken cancellationToken)
    {
        Settled.Enqueue(digest);
        return Task.CompletedTask;
    }

    private void Ended(RollupDate unit)
    {
        lock (_running)
        {
            _runningInAll--;
            _running[unit]--;
        }
    }

    private sealed class StagedDate(
        RecordingWarehouse warehouse, RollupDate unit, List<KeyCount> rows, DateContent content) : IStagedDate
    {
        public DateContent Content => content;

        public long Bytes => rows.Count * 8;

        public Task<bool> IsInPlaceAsync(bool isKnownLoaded, CancellationToken cancellationToken) =>
            Task.FromResult(warehouse._digests.GetValueOrDefault(unit) == content.Digest);

        public async Task<ExportedDate> LoadAsync(
            LoadHistory history, KnownGaps gaps, Action<DateStatus> tell, CancellationToken cancellationToken)
        {
            tell(new DateStatus(DateStep.Loading, content.Rows, Bytes, "job", "RUNNING"));
            await warehouse.BeforeLoad(unit, cancellationToken);
            warehouse.Loads.Enqueue(unit);
            warehouse.Tables[unit] = rows;
            warehouse._digests[unit] = content.Digest;
            return new ExportedDate(content.Rows, content.ViewCount, Bytes, content.Digest);
        }

        public ValueTask DisposeAsync()
        {
            warehouse.Ended(unit);
            return ValueTask.CompletedTask;
        }
    }
}
