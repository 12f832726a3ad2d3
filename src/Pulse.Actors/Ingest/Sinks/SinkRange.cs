namespace Pulse.Actors.Ingest.Sinks;

/// <summary>Offsets that a sink has to look through, because bad records are among them or may be.</summary>
/// <param name="From">The first.</param>
/// <param name="To">The one after the last.</param>
/// <param name="Bad">How many bad records are among them; null where nobody has told.</param>
internal readonly record struct SinkRange(long From, long To, long? Bad);
