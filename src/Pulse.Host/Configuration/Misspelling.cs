using System.Collections.Frozen;
using Pulse.Actors.Broker;

namespace Pulse.Host.Configuration;

/// <summary>A name outside of the section <c>Pulse</c> that is meant for it.</summary>
/// <param name="Setting">The path of what is meant, in the section.</param>
/// <param name="IsCertain">Whether nothing else can be meant.</param>
internal sealed record Misspelling(string Setting, bool IsCertain)
{
    private const string Section = PulseOptions.Section;

    /// <summary>Whether the name says nothing of Pulse, so that another program may have one that is called the same.</summary>
    public bool IsOfAnybody { get; private init; }

    // Everything that comes after PULSE_ in the variables of PulseAudio, up to the next underscore; and what tests of Pulse are told.
    private static readonly FrozenSet<string> OfOthers = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "AVOID", "BINARY", "CLIENTCONFIG", "CONFIG", "COOKIE", "DAEMON", "DLPATH", "IGNORE", "INTERNAL", "LATENCY", "LOG", "NO", "PROP",
        "RT", "RUNTIME", "SCRIPT", "SERVER", "SINK", "SOURCE", "STATE", "TEST");

    // Hosts of .NET read variables under these, which Pulse does not.
    private static readonly string[] HostPrefixes = ["DOTNET_", "ASPNETCORE_"];

    /// <summary>Judges the name of an environment variable.</summary>
    /// <param name="name">The name.</param>
    /// <param name="value">Its value.</param>
    /// <param name="isSet">Whether a setting has a value already.</param>
    /// <returns>Null where it is a setting as it should be, or none of Pulse's business.</returns>
    public static Misspelling? OfVariable(string name, string? value, Func<string, bool> isSet)
    {
        var own = HostPrefixes.FirstOrDefault(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)) is { } host
            ? name[host.Length..]
            : name;
        // In a pod, Kubernetes says by such variables where services are.
        if (IsRight(name.Replace("__", ":", StringComparison.Ordinal)) || value?.StartsWith("tcp://", StringComparison.Ordinal) == true)
            return null;
        var words = own.Split('_', 3);
        if (words is [_, { Length: > 0 } second, ..] && Is(words[0], Section) && OfOthers.Contains(second))
            return null;
        if (UnderPrefix(own) is { } misspelling)
            return misspelling;
        // Another program's variable may be called the same: this is in doubt while Pulse's own is not set, and else it is not.
        if (own != name || SettingNames.Same(own) is not { } setting || !setting.Contains(':', StringComparison.Ordinal) || isSet(setting))
            return null;
        return new Misspelling(setting, IsCertain: own.Contains("__", StringComparison.Ordinal)) { IsOfAnybody = true };
    }

    /// <summary>Judges the path of a value in a settings file.</summary>
    /// <returns>Null where it is a setting as it should be, or none of Pulse's business.</returns>
    public static Misspelling? OfPath(string path)
    {
        if (IsRight(path))
            return null;
        if (UnderPrefix(path) is { } misspelling)
            return misspelling;
        var isInSection = path.Contains(':', StringComparison.Ordinal);
        if (SettingNames.Same(path) is { } same)
            return new Misspelling(same, IsCertain: isInSection);
        return isInSection && SettingNames.Near(path) is { } near ? new Misspelling(near, IsCertain: false) : null;
    }

    private static Misspelling? UnderPrefix(string name)
    {
        var exact = name.StartsWith(Section, StringComparison.OrdinalIgnoreCase) ? name[Section.Length..] : null;
        if (exact is not null && SettingNames.Same(exact) is { } same)
            return new Misspelling(same, IsCertain: true);
        var end = name.AsSpan().IndexOfAny("_.:- ");
        var near = end > 0 && NearestName.Distance(SettingNames.Bare(name[..end]), SettingNames.Bare(Section)) <= 1 ? name[end..] : null;
        // A word like Pulse before a word like Data can be anybody's.
        if (near is not null && SettingNames.Same(near) is { } likely)
            return new Misspelling(likely, IsCertain: likely.Contains(':', StringComparison.Ordinal));
        return (exact ?? near) is { } rest && SettingNames.Near(rest) is { } perhaps ? new Misspelling(perhaps, IsCertain: false) : null;
    }

    private static bool IsRight(string path) => Is(path, Section) || path.StartsWith(Section + ":", StringComparison.OrdinalIgnoreCase);

    private static bool Is(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);
}
