namespace Pulse.Actors.Broker;

/// <summary>What a partition's log holds.</summary>
/// <param name="Begin">The first offset that is still there.</param>
/// <param name="End">The offset that the next record will have.</param>
public readonly record struct LogSpan(long Begin, long End);
