using System.Diagnostics;

namespace Pulse.Simulator.Producing;

/// <summary>
/// How many records are due by now at a steady rate. The average over the whole run is exact; a timer that fires
/// late only makes the next batch larger.
/// </summary>
internal sealed class Pace
{
    private const int LargestBatch = 1_000;
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(200);

    private readonly double rate;
    private readonly Stopwatch stopwatch = Stopwatch.StartNew();
    private TimeSpan paused;

    internal Pace(double rate) => this.rate = rate;

    internal TimeSpan Elapsed => stopwatch.Elapsed;

    /// <summary>Takes time that the run was made to wait out of the schedule, so that no burst makes up for it.</summary>
    internal void Exclude(TimeSpan wait) => paused += wait;

    /// <summary>The number of records to produce now, 0 when the next is not due yet.</summary>
    internal int Due(long produced)
    {
        if (rate <= 0)
            return LargestBatch;
        // The first record is due at once, as in a source that emits and then waits.
        var due = (stopwatch.Elapsed - paused).TotalSeconds * rate + 1 - produced;
        return due < 1 ? 0 : (int)Math.Min(due, LargestBatch);
    }

    /// <summary>How long to wait for the next record; without a rate, until the next look.</summary>
    internal TimeSpan UntilNext(long produced)
    {
        if (rate <= 0)
            return ShortestWait;
        var wait = TimeSpan.FromSeconds(produced / rate) - (stopwatch.Elapsed - paused);
        return wait < ShortestWait ? ShortestWait : wait > LongestWait ? LongestWait : wait;
    }
}
