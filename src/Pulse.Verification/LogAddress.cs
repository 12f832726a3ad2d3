namespace Pulse.Verification;

/// <summary>The topic of events, and how to reach it.</summary>
/// <param name="ClientProperties">librdkafka's properties, the brokers and the security among them; may hold secrets.</param>
/// <param name="Topic">The topic's name.</param>
/// <param name="Group">A group that the client may name; it is not joined, and nothing is committed.</param>
/// <param name="Stream">The identity of the topic where it is configured; null: the broker is asked.</param>
public sealed record LogAddress(IReadOnlyDictionary<string, string> ClientProperties, string Topic, string Group, string? Stream)
{
    /// <summary>The brokers, for people.</summary>
    public string BootstrapServers => ClientProperties.GetValueOrDefault("bootstrap.servers", "");

    /// <summary>Without client properties, which can hold secrets.</summary>
    public override string ToString() => $"{Topic} at {BootstrapServers}";
}
