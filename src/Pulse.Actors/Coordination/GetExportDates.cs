namespace Pulse.Actors.Coordination;

/// <summary>Asks the coordinator for those dates of its <see cref="ExportState"/> that its answer had no room for.</summary>
/// <param name="From">How many are known.</param>
public sealed record GetExportDates(int From);
