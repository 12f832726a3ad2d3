using System.Globalization;

namespace Pulse.Host.Dashboard;

/// <summary>Numbers and times as the pages write them.</summary>
internal static class Text
{
    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Stands for what has not been read yet: before that nobody knows that there is nothing.</summary>
    public const string NotYet = "…";

    /// <summary>The same, of what may not have been read yet.</summary>
    public static string Read(long? number) => number is { } known ? Number(known) : NotYet;

    /// <summary>The same, of what may be unknown.</summary>
    public static string Known(long? number) => number is { } known ? Number(known) : "unknown";

    public static string Share(long part, long whole) =>
        whole == 0 ? "–" : (100.0 * part / whole).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    public static string Time(DateTime utc) => utc.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    /// <summary>From one time to another; the date once where it is the same.</summary>
    public static string Span(DateTime from, DateTime to) =>
        $"{Time(from)} to {(from.Date == to.Date ? to.ToString("HH:mm", CultureInfo.InvariantCulture) : Time(to))}";

    public static string Date(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>How long ago, in the unit that matters.</summary>
    public static string Ago(DateTime? utc)
    {
        if (utc is not { } then)
            return "not yet";
        var age = DateTime.UtcNow - then;
        return age.TotalSeconds < 90 ? string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, age.TotalSeconds):0} s ago")
            : age.TotalMinutes < 90 ? string.Create(CultureInfo.InvariantCulture, $"{age.TotalMinutes:0} min ago")
            : string.Create(CultureInfo.InvariantCulture, $"{age.TotalHours:0} h ago");
    }

    /// <summary>A dimension's name as a heading: <c>age_group</c> becomes <c>Age group</c>.</summary>
    public static string Heading(string name) => Sentence(name.Replace('_', ' '));

    /// <summary>The same words with a capital first.</summary>
    public static string Sentence(string words) => words.Length == 0 ? words : char.ToUpperInvariant(words[0]) + words[1..];
}
