namespace Pulse.Simulator.Generation;

/// <summary>One exact count.</summary>
/// <param name="First">The value of the rollup's first dimension.</param>
/// <param name="Second">The value of the rollup's second dimension.</param>
/// <param name="WindowEnd">The five-minute window, named by its end in UTC.</param>
/// <param name="Count">How many events fell into it.</param>
public sealed record TruthRow(string First, string Second, DateTimeOffset WindowEnd, long Count);
