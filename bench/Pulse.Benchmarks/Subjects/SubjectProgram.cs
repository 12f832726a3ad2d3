using System.CommandLine;

namespace Pulse.Benchmarks.Subjects;

/// <summary>
/// The program of a process under test: one line of JSON on standard output whenever it has read something, at most every
/// few milliseconds, and a last one with the totals after standard input has ended. Takes commands on standard input, one
/// a line.
/// </summary>
internal static class SubjectProgram
{
    public const string Verb = "subject";

    /// <summary>Makes everything durable.</summary>
    public const string CheckpointCommand = "checkpoint";

    /// <summary>Collects garbage and counts what is left.</summary>
    public const string CollectCommand = "collect";

    private static long heap;

    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(5);

    public static Command Create()
    {
        var settings = new Argument<string>("settings");
        var command = new Command(Verb, "One process under test; started by the other verbs") { settings };
        command.Hidden = true;
        command.SetAction(async (parsed, stop) =>
        {
            await RunAsync(SubjectSettings.FromJson(parsed.GetValue(settings)!), stop);
            return 0;
        });
        return command;
    }

    private static async Task RunAsync(SubjectSettings settings, CancellationToken stop)
    {
        ISubject subject = settings.Kind == SubjectKind.Pulse
            ? await PulseNode.StartAsync(settings)
            : new KafkaLoop(settings);
        Console.WriteLine(WithRuntime(subject.Report()).ToJson());
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var reporting = ReportAsync(subject, ending.Token);
        while (await Console.In.ReadLineAsync(stop) is { } line)
        {
            if (line == CheckpointCommand)
                subject.Checkpoint();
            else if (line == CollectCommand)
                Volatile.Write(ref heap, GC.GetTotalMemory(forceFullCollection: true));
        }

        await ending.CancelAsync();
        await reporting;
        var last = WithRuntime(subject.Report());
        Console.WriteLine((last with { Totals = await subject.EndAsync() }).ToJson());
    }

    private static async Task ReportAsync(ISubject subject, CancellationToken ending)
    {
        var shown = subject.Report();
        var shownHeap = 0L;
        using var timer = new PeriodicTimer(ReportInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(ending))
            {
                var report = subject.Report();
                if (report.Consumed == shown.Consumed && Volatile.Read(ref heap) == shownHeap && SamePositions(report.Committed, shown.Committed)
                    && SamePositions(report.Positions, shown.Positions))
                    continue;
                shown = report;
                shownHeap = Volatile.Read(ref heap);
                Console.WriteLine(WithRuntime(report).ToJson());
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private static bool SamePositions(Dictionary<int, long> left, Dictionary<int, long> right) =>
        left.Count == right.Count && left.All(pair => right.TryGetValue(pair.Key, out var other) && other == pair.Value);

    private static SubjectReport WithRuntime(SubjectReport report) => report with
    {
        Allocated = GC.GetTotalAllocatedBytes(),
        Heap = Volatile.Read(ref heap),
        Collections = GC.CollectionCount(0),
    };
}
