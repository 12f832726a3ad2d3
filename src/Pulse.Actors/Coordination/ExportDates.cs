using System.Collections.Immutable;

namespace Pulse.Actors.Coordination;

/// <summary>Answers <see cref="GetExportDates"/>.</summary>
/// <param name="Dates">The next dates, as many as fit into a message; none beyond the last.</param>
public sealed record ExportDates(ImmutableArray<DateProgress> Dates);
