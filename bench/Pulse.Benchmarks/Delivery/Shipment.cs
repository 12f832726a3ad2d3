using Akka.Actor;
using Pulse.Counting;

namespace Pulse.Benchmarks.Delivery;

/// <summary>What a <see cref="Sender"/> is to send.</summary>
/// <param name="To">Whom: an outbox, or the region.</param>
/// <param name="Partition">Of which partition.</param>
/// <param name="Requests">What; not empty.</param>
/// <param name="IsThroughOutbox">Whether in one message, as to an outbox; otherwise one each, as to a region.</param>
internal sealed record Shipment(
    IActorRef To, StreamPartition Partition, IReadOnlyList<SessionEffect> Requests, bool IsThroughOutbox)
    : INoSerializationVerificationNeeded
{
    /// <summary>Completes when everything has been sent.</summary>
    public TaskCompletionSource Told { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when everything has been answered; fails at the first refusal.</summary>
    public TaskCompletionSource Answered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
