using Perfolizer.Horology;

namespace Pulse.Benchmarks.Micro;

/// <summary>
/// The processor time of this process, collector and compiler included: what other programs on the machine do meanwhile
/// does not count.
/// </summary>
internal sealed class ProcessorClock : IClock
{
    public string Title => "processor time";

    public bool IsAvailable => true;

    public Frequency Frequency => new(TimeSpan.TicksPerSecond);

    public long GetTimestamp() => Environment.CpuUsage.TotalTime.Ticks;
}
