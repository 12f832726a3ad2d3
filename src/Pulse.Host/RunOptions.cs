using Pulse.Simulator;

namespace Pulse.Host;

/// <summary>What one run of the process does, beside what is configured.</summary>
/// <param name="ExitOnComplete">Whether the process ends after the export that follows completion.</param>
/// <param name="Simulation">What the embedded simulator produces; null: it does not run.</param>
/// <param name="TruthFile">Where the embedded simulator writes the exact counts, or null.</param>
internal sealed record RunOptions(bool ExitOnComplete, SimulatorOptions? Simulation, string? TruthFile);
