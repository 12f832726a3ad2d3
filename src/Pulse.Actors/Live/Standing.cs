namespace Pulse.Actors.Live;

/// <summary>That a partition stands still.</summary>
/// <param name="Cause">What kind of cause.</param>
/// <param name="Why">The cause, for people.</param>
/// <param name="SinceUtc">When it was first seen.</param>
public sealed record Standing(StandingCause Cause, string Why, DateTime SinceUtc);
