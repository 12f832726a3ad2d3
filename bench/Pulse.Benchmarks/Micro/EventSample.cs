using Pulse.Simulator;
using Pulse.Simulator.Generation;

namespace Pulse.Benchmarks.Micro;

/// <summary>Generated events in memory, the same in every run.</summary>
internal static class EventSample
{
    /// <summary>The values of so many events.</summary>
    public static byte[][] Generate(int count)
    {
        var generator = new EventGenerator(
            new SimulatorOptions { Rate = 0 }, new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
        var values = new byte[count][];
        for (var index = 0; index < count; index++)
        {
            generator.Next();
            values[index] = generator.Value.ToArray();
        }

        return values;
    }
}
