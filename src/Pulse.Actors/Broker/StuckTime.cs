namespace Pulse.Actors.Broker;

/// <summary>
/// How long a client has been stuck, as somebody sees it who looks every second. The time in which the whole process stood still,
/// suspended or on a sleeping machine, is not the client's: after it, the client gets the time anew.
/// </summary>
internal sealed class StuckTime
{
    /// <summary>A process whose looks are further apart stood still in between.</summary>
    internal const long LongestPause = 5_000;

    private long _lastLook = long.MinValue / 2;
    private long _awakeSince;

    /// <summary>Looks.</summary>
    /// <param name="silence">How long ago the client last came back from a call.</param>
    /// <param name="now">A clock that never goes back, in milliseconds.</param>
    public TimeSpan Look(TimeSpan silence, long now)
    {
        if (now - _lastLook > LongestPause)
            _awakeSince = now;
        _lastLook = now;
        var awake = TimeSpan.FromMilliseconds(now - _awakeSince);
        return silence < awake ? silence : awake;
    }
}
