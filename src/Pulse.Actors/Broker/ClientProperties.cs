using System.Collections.Frozen;

namespace Pulse.Actors.Broker;

/// <summary>All configuration properties that the loaded Kafka client knows.</summary>
public static class ClientProperties
{
    // Name, consumer or producer, range, default, importance, description.
    private const int Columns = 6;
    private static readonly Lazy<FrozenDictionary<string, ClientProperty>> Known = new(Read);

    /// <summary>Finds a property; null where the client has none of that name.</summary>
    public static ClientProperty? Find(string name) => Known.Value.GetValueOrDefault(name);

    /// <summary>Why the client does not take a value, in its own words; null where it does.</summary>
    public static string? Refusal(string name, string value) => ClientLibrary.Refusal(name, value);

    /// <summary>The known name that is most like one that is not known; null where no list is to be had.</summary>
    public static string? Nearest(string name) => NearestName.Of(name.ToLowerInvariant(), Known.Value.Keys)?.Name;

    private static FrozenDictionary<string, ClientProperty> Read()
    {
        var properties = new Dictionary<string, ClientProperty>(StringComparer.Ordinal);
        foreach (var line in ClientLibrary.PropertyTable().Split('\n'))
        {
            var columns = line.Split('|', Columns);
            // The heading and the line below it name no property, and callbacks can't be given as text.
            if (columns.Length < Columns || !char.IsLower(columns[0][0]) || columns[^1].Contains("see dedicated API", StringComparison.Ordinal))
                continue;
            var name = columns[0].Trim();
            // Some are there twice, for the client and for a topic.
            properties.TryAdd(name, new ClientProperty(name, columns[2].Trim()));
        }

        return properties.ToFrozenDictionary();
    }
}
