using System.Diagnostics;
using Pulse.Benchmarks.Reporting;
using Pulse.Benchmarks.Subjects;

namespace Pulse.Benchmarks.Pipeline;

/// <summary>
/// How fast a filled topic is read: by a bare loop, by the same with decoder and counters, and by Pulse. One after another
/// in processes of their own, in rounds: the topic is filled while the process is suspended, and what is measured is the
/// time from its resumption until it has read everything.
/// </summary>
/// <param name="feed">The topic, empty; it serves one subject.</param>
/// <param name="warmUps">Rounds that are not measured; the runtime compiles meanwhile.</param>
/// <param name="rounds">Rounds that are measured.</param>
internal sealed class PipelineBenchmark(EventFeed feed, int warmUps, int rounds)
{
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan RoundDeadline = TimeSpan.FromMinutes(2);

    /// <summary>Measures one subject.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="settings">One for each process; the first one founds the cluster.</param>
    /// <param name="measureMore">Measures the first process further when the rounds are over.</param>
    public async Task<Subject> MeasureAsync(
        string name,
        IReadOnlyList<SubjectSettings> settings,
        Func<SubjectProcess, Task<IEnumerable<Figure>>>? measureMore = null)
    {
        List<SubjectProcess> processes = [];
        try
        {
            foreach (var one in settings)
                processes.Add(await SubjectProcess.StartAsync(one));
            return await MeasureAsync(name, settings[0].Kind, processes, measureMore);
        }
        finally
        {
            foreach (var process in processes)
                await process.DisposeAsync();
        }
    }

    private async Task<Subject> MeasureAsync(
        string name,
        SubjectKind kind,
        List<SubjectProcess> processes,
        Func<SubjectProcess, Task<IEnumerable<Figure>>>? measureMore)
    {
        List<Round> measured = [];
        for (var round = -warmUps; round < rounds; round++)
        {
            await Console.Error.WriteLineAsync(round < 0 ? $"{name}: warming up, {-round} rounds left" : $"{name}: round {round + 1} of {rounds}");
            var result = await RoundAsync(processes, feed.Produced);
            if (round >= 0)
                measured.Add(result);
        }

        var peak = processes.Sum(process => process.PeakBytes);
        var more = measureMore is null ? [] : await measureMore(processes[0]);
        List<SubjectReport> ends = [];
        foreach (var process in processes)
            ends.Add(await process.EndAsync());
        Verify(kind, feed.Produced, ends[^1].Totals!);
        return new Subject(name,
        [
            new("events/s", [.. measured.Select(round => round.Events / round.Wall.TotalSeconds)]),
            new("CPU, µs/event", [.. measured.Select(round => round.Processor.TotalMicroseconds / round.Events)]),
            new("allocated, bytes/event", [.. measured.Select(round => (double)round.Allocated / round.Events)]),
            new("collections/million", [.. measured.Select(round => 1e6 * round.Collections / round.Events)]),
            new("peak memory, MiB", peak / 1048576.0),
            .. more,
        ]);
    }

    private async Task<Round> RoundAsync(List<SubjectProcess> processes, long producedBefore)
    {
        processes.ForEach(process => process.Suspend());
        feed.Fill();
        var processor = Sum(process => process.ProcessorTime.Ticks);
        var allocated = Sum(process => process.Latest.Allocated);
        var collections = Sum(process => process.Latest.Collections);
        var watch = Stopwatch.StartNew();
        processes.ForEach(process => process.Resume());
        using var deadline = new CancellationTokenSource(RoundDeadline);
        while (true)
        {
            // Asked for before the look, or a report in between would be missed, and it may be the last.
            var changes = processes.ConvertAll(process => process.ChangedAsync(deadline.Token));
            if (Sum(process => process.Latest.Consumed) >= producedBefore + feed.Count)
                break;
            await Task.WhenAny(changes).Unwrap();
        }

        var wall = watch.Elapsed;

        // What is left to do of the round, such as the last deltas and answers, belongs to its processor time.
        await Task.Delay(Settling, deadline.Token);
        return new Round(
            feed.Count,
            wall,
            TimeSpan.FromTicks(Sum(process => process.ProcessorTime.Ticks) - processor),
            Sum(process => process.Latest.Allocated) - allocated,
            Sum(process => process.Latest.Collections) - collections);

        long Sum(Func<SubjectProcess, long> figure) => processes.Sum(figure);
    }

    private static void Verify(SubjectKind kind, long events, Dictionary<string, long> totals)
    {
        if (kind == SubjectKind.Bare)
            return;
        foreach (var (rollup, total) in totals)
        {
            if (total != events)
                throw new InvalidOperationException($"{kind} counted {total:#,0} in {rollup}, but {events:#,0} events were produced.");
        }
    }

    private sealed record Round(int Events, TimeSpan Wall, TimeSpan Processor, long Allocated, long Collections);
}
