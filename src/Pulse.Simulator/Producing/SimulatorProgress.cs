namespace Pulse.Simulator.Producing;

/// <summary>How far a run is.</summary>
/// <param name="Produced">Records handed to the client.</param>
/// <param name="Delivered">Records that Kafka confirmed.</param>
/// <param name="Failed">Records that the client gave up on.</param>
/// <param name="Total">Records in the whole run; null where only the clock ends it.</param>
/// <param name="Elapsed">Since the first record.</param>
/// <param name="EventsPerSecond">Confirmed records per second since the last report.</param>
public sealed record SimulatorProgress(
    long Produced, long Delivered, long Failed, long? Total, TimeSpan Elapsed, double EventsPerSecond);
