namespace Pulse.Actors.Storage.Actions;

/// <summary>Something that an operator had Pulse do to the database.</summary>
/// <param name="Number">Its number; a later one has a greater one.</param>
/// <param name="AtUtc">When, by the database's clock.</param>
/// <param name="Who">The operator, as <c>user@host</c>.</param>
/// <param name="What">What was done, as a sentence.</param>
public sealed record OperatorAction(long Number, DateTime AtUtc, string Who, string What);
