using Akka.Actor;

namespace Pulse.Actors.Storage;

/// <summary>
/// From a bucket to its node's <see cref="ResultWriter"/>: write this, and answer the sender with
/// <see cref="ResultsWritten"/> once it is committed. Never leaves the node.
/// </summary>
/// <param name="Results">What to write.</param>
public sealed record WriteResults(BucketResults Results) : INoSerializationVerificationNeeded;
