namespace Pulse.Host.Dashboard;

/// <summary>
/// Tells, while a page draws new numbers, what else on it changes all the time, so that both reach the browser in one
/// message. One per circuit; not thread-safe.
/// </summary>
internal sealed class Redraw
{
    /// <summary>The page is being drawn.</summary>
    public event Action? Happening;

    /// <summary>To be called where a page renders.</summary>
    public void Announce() => Happening?.Invoke();
}
