using Pulse.Actors.Live;
using Pulse.Counting;

namespace Pulse.Host.Dashboard;

/// <summary>
/// Windows as the pages write them. Dead letters without a possible time are counted in the first window of all; it has a
/// name, since its end would say nothing.
/// </summary>
internal static class WindowText
{
    public const string NoTime = "no time";

    /// <summary>What the filters by date, hour and minute are about.</summary>
    public const string FilterHint = "Of the window's end, UTC";

    /// <summary>The first window of all.</summary>
    public static Window First(TimeSpan length) => new((long)length.TotalSeconds);

    /// <summary>One window in a sentence.</summary>
    public static string Name(Window window, TimeSpan length) =>
        window == First(length) ? $"the window “{NoTime}”" : $"the window that ends {Text.Time(window.EndUtc)} UTC";

    /// <summary>From the first to the last of some windows, oldest first.</summary>
    public static string Period(IReadOnlyList<WindowTotal> windows, TimeSpan length)
    {
        if (windows.Count == 0)
            return "No window";
        if (windows.Count == 1)
            return Text.Sentence(Name(windows[0].Window, length));
        var hasNoTime = windows[0].Window == First(length);
        var first = windows[hasNoTime ? 1 : 0].Window;
        var last = windows[^1].Window;
        var times = first == last ? Text.Time(last.EndUtc) : Text.Span(first.EndUtc, last.EndUtc);
        return $"{Text.Number(windows.Count)} windows, {(hasNoTime ? $"{NoTime} and " : "")}{times} UTC";
    }

    /// <summary>What a live page says of windows that have not begun, or null where there are none.</summary>
    /// <param name="later">Those windows, oldest first.</param>
    public static string? Later(IReadOnlyList<WindowTotal> later) => later switch
    {
        [] => null,
        [var only] => $"One later window, which ends {Text.Time(only.Window.EndUtc)} UTC, has not begun by this node's clock. "
            + "Choose its date to see it.",
        [.., var last] => $"{Text.Number(later.Count)} later windows, the last of which ends {Text.Time(last.Window.EndUtc)} UTC, "
            + "have not begun by this node's clock. Choose their dates to see them.",
    };
}
