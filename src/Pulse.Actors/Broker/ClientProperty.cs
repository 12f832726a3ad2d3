namespace Pulse.Actors.Broker;

/// <summary>A configuration property of the Kafka client, as the client itself lists it.</summary>
/// <param name="Name">Its name, such as <c>security.protocol</c>.</param>
/// <param name="Range">What it takes, such as <c>true, false</c> or <c>10 .. 300000</c>; empty where that is any text.</param>
public sealed record ClientProperty(string Name, string Range);
