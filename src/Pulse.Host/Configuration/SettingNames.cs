using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using System.Text.RegularExpressions;
using Pulse.Actors.Broker;

namespace Pulse.Host.Configuration;

/// <summary>Every setting that there is, by its name without letter case and separators: so one is known however it is spelled.</summary>
internal static partial class SettingNames
{
    // Stands for the number of any element of a list.
    private const string Number = "0";

    // Stands for what a section has.
    private const string Anything = ":…";

    private static readonly ImmutableDictionary<string, string> Known =
        Of(typeof(PulseOptions), "").ToImmutableDictionary(path => Bare(path), StringComparer.Ordinal);

    /// <summary>The paths of all settings in the section <c>Pulse</c>.</summary>
    public static IEnumerable<string> All => Known.Values.Where(path => !path.EndsWith(Anything, StringComparison.Ordinal));

    /// <summary>A name as it is compared: letters in lower case, a zero for each number, nothing else.</summary>
    public static string Bare(string name) => Numbers().Replace(Separators().Replace(name, "").ToLowerInvariant(), Number);

    /// <summary>The setting that a name is, if only letter case and separators differ.</summary>
    /// <param name="name">The name, without the section <c>Pulse</c>.</param>
    /// <returns>Its path in the section; null: it is none.</returns>
    public static string? Same(string name)
    {
        if (Known.TryGetValue(Bare(name), out var path) && !path.EndsWith(Anything, StringComparison.Ordinal))
            return Numbered(path, name);
        // What the Kafka client knows is called with dots between the words.
        string[] words = [.. Separators().Split(name.ToLowerInvariant()).Where(word => word.Length > 0)];
        return words is ["kafka", "client", .. { Length: > 0 } property] && ClientProperties.Find(string.Join('.', property)) is { } known
            ? $"{nameof(PulseOptions.Kafka)}:{nameof(KafkaOptions.Client)}:{known.Name}"
            : null;
    }

    /// <summary>The setting or section that is most like a name that is none.</summary>
    /// <param name="name">The name, without the section <c>Pulse</c>.</param>
    /// <returns>Its path in the section; null: none is near.</returns>
    public static string? Near(string name)
    {
        var bare = Bare(name);
        if (NearestName.Of(bare, Known.Keys) is { } nearest && nearest.Distance <= (bare.Length < 8 ? 1 : 2) && bare.Length > 3)
            return Numbered(Known[nearest.Name], name);
        // The setting without its section.
        var last = Known.Values.Where(path => Bare(path[(path.LastIndexOf(':') + 1)..]) == bare).ToList();
        return last is [var only] ? only : null;
    }

    private static IEnumerable<string> Of(Type shape, string before) => shape
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .SelectMany(property => OfValue(property.PropertyType, before + property.Name));

    private static IEnumerable<string> OfValue(Type type, string path)
    {
        if (SettingsCheck.ElementOf(type) is { } element)
            return [path, .. OfValue(element, $"{path}:{Number}")];
        if (SettingsCheck.IsPlain(type) || typeof(IDictionary).IsAssignableFrom(type))
            return [path];
        return [path + Anything, .. Of(type, path + ":")];
    }

    private static string Numbered(string path, string name)
    {
        var written = new Queue<string>(Numbers().Matches(name).Select(match => match.Value));
        return string.Join(':', path.Split(':').Select(part => part == Number && written.TryDequeue(out var number) ? number : part));
    }

    [GeneratedRegex("[^A-Za-z0-9]+")]
    private static partial Regex Separators();

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Numbers();
}
