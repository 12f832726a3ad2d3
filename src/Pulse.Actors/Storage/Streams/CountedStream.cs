namespace Pulse.Actors.Storage.Streams;

/// <summary>A stream that a database counts: a topic, from its making to its deletion.</summary>
/// <param name="Name">Its identity, by which positions are stored.</param>
/// <param name="Cluster">The id of its cluster; empty where the identity is configured, and nobody was asked.</param>
/// <param name="Topic">Its topic.</param>
/// <param name="Id">The topic's id; empty where the broker has no such ids.</param>
public sealed record CountedStream(string Name, string Cluster, string Topic, string Id)
{
    /// <summary>Whether its identity is configured: then nothing is known of its cluster.</summary>
    public bool IsConfigured => Cluster.Length == 0;

    /// <summary>The stream of a name under which positions are stored.</summary>
    // An id may hold a slash of its own.
    public static CountedStream Parse(string name) => name.Split('/', 3) switch
    {
        [var cluster, var topic] => new CountedStream(name, cluster, topic, ""),
        [var cluster, var topic, var id] => new CountedStream(name, cluster, topic, id),
        _ => new CountedStream(name, "", "", ""),
    };

    /// <summary>Whether both are of the same name on the same cluster: then one topic took the other's place.</summary>
    public bool IsPlacedAs(CountedStream other) => !IsConfigured && Cluster == other.Cluster && Topic == other.Topic;
}
