namespace Pulse.Testing.Kafka;

/// <summary>A further listener of each broker of a <see cref="KafkaCluster"/>, at a port of its own.</summary>
/// <param name="Name">Its name in the broker's settings, in capitals.</param>
/// <param name="Protocol">What it speaks, such as <c>SASL_SSL</c>.</param>
/// <param name="AdvertisedAddress">What the broker tells clients, as <c>host:port</c>; null: where it listens.</param>
public sealed record KafkaListener(string Name, string Protocol, string? AdvertisedAddress = null);
