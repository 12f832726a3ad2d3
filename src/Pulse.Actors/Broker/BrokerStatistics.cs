namespace Pulse.Actors.Broker;

/// <summary>What a client says of its connection to one broker.</summary>
/// <param name="Broker">Its address and number, such as <c>kafka-1:9092/1</c>.</param>
/// <param name="State">As librdkafka calls it: <c>UP</c>, <c>DOWN</c>, <c>CONNECT</c>, …</param>
/// <param name="Errors">Sending and receiving that failed since the client began.</param>
/// <param name="Timeouts">Requests that were not answered in time since the client began.</param>
/// <param name="RoundTripMedianMicroseconds">From a request to its answer, of late; null where there was none.</param>
/// <param name="RoundTripP99Microseconds">The same for the slowest in a hundred.</param>
public sealed record BrokerStatistics(
    string Broker,
    string State,
    long Errors,
    long Timeouts,
    long? RoundTripMedianMicroseconds,
    long? RoundTripP99Microseconds);
