using Akka.Actor;
using Pulse.Actors.Buckets;

namespace Pulse.Benchmarks.Nodes;

/// <summary>What an <see cref="Asker"/> is to ask.</summary>
/// <param name="To">Whom.</param>
/// <param name="Requests">What; not empty.</param>
/// <param name="AreTogether">Whether in one message, as to an outbox; otherwise one each, as to a region.</param>
internal sealed record Questions(IActorRef To, IReadOnlyList<IPartitionRequest> Requests, bool AreTogether = false)
    : INoSerializationVerificationNeeded
{
    /// <summary>Completes when everything has been asked.</summary>
    public TaskCompletionSource Told { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when everything has been answered; fails at the first rejection.</summary>
    public TaskCompletionSource Answered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
