using System.Collections.Concurrent;
using Pulse.Actors.Export;
using Pulse.Actors.Rollups;
using Pulse.Actors.Storage;

namespace Pulse.Actors.Tests.Export;

/// <summary>A warehouse in memory that notes what it was asked for, and fails or waits where a spec says so.</summary>
internal sealed class RecordingWarehouse : IWarehouse
{
    private readonly ConcurrentDictionary<RollupDate, int> _running = new();
    private int _runningInAll;

    public string Description => "a warehouse in memory";

    internal ConcurrentDictionary<RollupDate, IReadOnlyList<ResultRow>> Tables { get; } = new();

    internal ConcurrentQueue<RollupDate> Replacements { get; } = new();

    /// <summary>Called at the start of a replacement: throws, waits, or lets it pass.</summary>
    internal Func<RollupDate, CancellationToken, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    internal int MostAtATime { get; private set; }

    internal bool WasEverReplacedTwiceAtATime { get; private set; }

    public async Task<ExportedDate> ReplaceAsync(
        Rollup rollup, DateOnly date, IAsyncEnumerable<ResultRow> rows, CancellationToken cancellationToken)
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
            var read = new List<ResultRow>();
            await foreach (var row in rows.WithCancellation(cancellationToken))
                read.Add(row);
            Tables[unit] = read;
            return new ExportedDate(read.Count, read.Sum(row => row.Count), read.Count * 8);
        }
        finally
        {
            lock (_running)
            {
                _runningInAll--;
                _running[unit]--;
            }
        }
    }
}
