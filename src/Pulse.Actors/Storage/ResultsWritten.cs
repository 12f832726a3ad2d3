using Akka.Actor;

namespace Pulse.Actors.Storage;

/// <summary>
/// The answer to one <see cref="WriteResults"/>, after the commit; a sender's answers come in the order of its requests.
/// </summary>
/// <param name="Results">What was written.</param>
public sealed record ResultsWritten(BucketResults Results) : INoSerializationVerificationNeeded;

/// <summary>
/// The other answer to <see cref="WriteResults"/>: nothing was written, because another incarnation of the bucket has
/// stored a newer checkpoint. The sender is a zombie and must stop.
/// </summary>
/// <param name="Results">What was not written.</param>
public sealed record ResultsOvertaken(BucketResults Results) : INoSerializationVerificationNeeded;
