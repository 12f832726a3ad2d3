using System.Diagnostics;
using Pulse.Benchmarks.Reporting;
using Pulse.Benchmarks.Subjects;

namespace Pulse.Benchmarks.Recovery;

/// <summary>How long a cluster that reads a steady stream needs to catch up after one node was killed, or was not there.</summary>
/// <param name="feed">The topic, empty.</param>
/// <param name="rate">Events per second.</param>
internal sealed class RecoveryBenchmark(EventFeed feed, int rate)
{
    private const int BeatsPerSecond = 50;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly List<SubjectProcess> _nodes = [];

    /// <summary>Kills the second of the nodes while events flow.</summary>
    /// <param name="settings">One for each node; the first one founds the cluster.</param>
    /// <param name="steady">How long to read before.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>
    /// From the kill until every partition is read by a living node, and until the lag is that of one second as well.
    /// </returns>
    public async Task<Figure[]> KillAsync(IReadOnlyList<SubjectSettings> settings, TimeSpan steady, CancellationToken stop)
    {
        using var producing = CancellationTokenSource.CreateLinkedTokenSource(stop);
        foreach (var one in settings)
            _nodes.Add(await SubjectProcess.StartAsync(one));
        await UntilAsync(IsSharedOut, stop);
        var producer = ProduceAsync(producing.Token);
        await UntilCaughtUpAsync(stop);
        await Task.Delay(steady, stop);
        await UntilCaughtUpAsync(stop);

        var victim = _nodes[1];
        var watch = Stopwatch.StartNew();
        victim.Kill();
        _nodes.Remove(victim);
        await UntilAsync(() => Lag() is not null, stop);
        var read = watch.Elapsed;
        await UntilCaughtUpAsync(stop);
        var caughtUp = watch.Elapsed;
        await victim.DisposeAsync();
        await EndAsync(producing, producer);
        return
        [
            new Figure("kill -9 of a node until every partition is read again, s", read.TotalSeconds),
            new Figure("kill -9 of a node until caught up, s", caughtUp.TotalSeconds),
        ];
    }

    /// <summary>Starts one node with a backlog waiting, while events go on flowing.</summary>
    /// <param name="settings">The node.</param>
    /// <param name="backlog">How long nobody has read.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<Figure[]> StartColdAsync(SubjectSettings settings, TimeSpan backlog, CancellationToken stop)
    {
        feed.Produce((int)(rate * backlog.TotalSeconds));
        using var producing = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var producer = ProduceAsync(producing.Token);
        var watch = Stopwatch.StartNew();
        _nodes.Add(await SubjectProcess.StartAsync(settings));
        await UntilCaughtUpAsync(stop);
        var elapsed = watch.Elapsed;
        await EndAsync(producing, producer);
        return [new Figure("cold start until caught up, s", elapsed.TotalSeconds)];
    }

    private async Task EndAsync(CancellationTokenSource producing, Task producer)
    {
        await producing.CancelAsync();
        await producer;
        feed.Flush();
        await UntilAsync(() => Lag() == 0, CancellationToken.None);
        SubjectReport last = null!;
        foreach (var node in _nodes)
            last = await node.EndAsync();
        foreach (var (rollup, total) in last.Totals!)
        {
            if (total != feed.Produced)
                throw new InvalidOperationException($"{total:#,0} were counted in {rollup}, but {feed.Produced:#,0} events were produced.");
        }

        _nodes.Clear();
    }

    private async Task ProduceAsync(CancellationToken stop)
    {
        var watch = Stopwatch.StartNew();
        var done = 0L;
        using var beat = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / BeatsPerSecond));
        while (!stop.IsCancellationRequested)
        {
            var due = (long)(watch.Elapsed.TotalSeconds * rate);
            feed.Produce((int)(due - done));
            done = due;
            await beat.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private Task UntilCaughtUpAsync(CancellationToken stop) => UntilAsync(() => Lag() is { } lag && lag <= rate, stop);

    private async Task UntilAsync(Func<bool> holds, CancellationToken stop)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(Deadline);
        while (true)
        {
            Task[] changes = [.. _nodes.Select(node => node.ChangedAsync(deadline.Token))];
            if (holds())
                return;
            await Task.WhenAny(changes).Unwrap();
        }
    }

    // Before that, the victim might have nothing to lose.
    private bool IsSharedOut() =>
        _nodes.TrueForAll(node => node.Latest.Positions.Count >= feed.Partitions / _nodes.Count);

    // Null while a partition has no living reader.
    private long? Lag()
    {
        var lag = 0L;
        for (var partition = 0; partition < feed.Partitions; partition++)
        {
            var position = -1L;
            foreach (var node in _nodes)
            {
                if (node.Latest.Positions.TryGetValue(partition, out var read))
                    position = Math.Max(position, read);
            }

            if (position < 0)
                return null;
            lag += feed.ProducedIn(partition) - position;
        }

        return lag;
    }
}
