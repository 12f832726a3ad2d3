using Pulse.Actors.Live;
using Pulse.Counting;

namespace Pulse.Host.Dashboard;

/// <summary>
/// Which windows a live page shows: the newest that have begun by the node's clock. A producer whose clock is ahead fills
/// later ones; they are counted, and must not push the present off the page.
/// </summary>
internal sealed class LiveWindows(Rollup rollup, TimeSpan windowLength, TimeProvider time)
{
    /// <summary>The latest window that has begun.</summary>
    public Window Latest => Window.Containing(time.GetUtcNow().ToUnixTimeMilliseconds(), (long)windowLength.TotalSeconds);

    /// <summary>How long until the next one begins; more than zero.</summary>
    public TimeSpan UntilNext
    {
        get
        {
            var now = time.GetUtcNow().ToUnixTimeMilliseconds();
            var length = (long)windowLength.TotalMilliseconds;
            return TimeSpan.FromMilliseconds(length - (now % length));
        }
    }

    /// <summary>Asks for so many of the newest windows that have begun.</summary>
    public RollupQuery Newest(int windows) => new(rollup) { NewestWindows = windows, Latest = Latest };

    /// <summary>Asks for the windows in memory that have not begun.</summary>
    public RollupQuery Later() => new(rollup) { NewestWindows = int.MaxValue, From = Latest.EndUtc.AddSeconds(1) };
}
