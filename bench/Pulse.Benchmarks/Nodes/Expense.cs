using System.Diagnostics;

namespace Pulse.Benchmarks.Nodes;

/// <summary>What this process has spent: time, processor time, bytes allocated.</summary>
/// <param name="Wall">Time.</param>
/// <param name="Processor">Processor time of all threads.</param>
/// <param name="Allocated">Bytes allocated on the managed heap.</param>
internal readonly record struct Expense(TimeSpan Wall, TimeSpan Processor, long Allocated)
{
    /// <summary>Runs something and says what it cost.</summary>
    public static async Task<Expense> OfAsync(Func<Task> work)
    {
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var processor = Environment.CpuUsage.TotalTime;
        var watch = Stopwatch.StartNew();
        await work();
        return new Expense(
            watch.Elapsed, Environment.CpuUsage.TotalTime - processor, GC.GetTotalAllocatedBytes(precise: true) - allocated);
    }

    public static Expense operator +(Expense left, Expense right) =>
        new(left.Wall + right.Wall, left.Processor + right.Processor, left.Allocated + right.Allocated);
}
