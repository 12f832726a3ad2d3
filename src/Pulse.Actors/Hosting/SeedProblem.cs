namespace Pulse.Actors.Hosting;

/// <summary>Why a seed node is of no help.</summary>
/// <param name="Text">In a sentence, with the setting that names it.</param>
/// <param name="IsThere">Whether it answers, and has no cluster either.</param>
internal sealed record SeedProblem(string Text, bool IsThere = false);
