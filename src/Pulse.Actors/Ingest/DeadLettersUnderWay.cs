using Akka.Actor;
using Pulse.Actors.Broker;
using Pulse.Events;

namespace Pulse.Actors.Ingest;

/// <summary>
/// The bad records of one partition that the dead-letter topic does not have yet. Nothing that covers them may reach a
/// bucket meanwhile: so no bucket ever stands beyond a bad record that was not delivered, and whoever reads on from there
/// misses none.
/// </summary>
/// <param name="producer">Delivers them.</param>
/// <param name="partition">The partition they are of.</param>
/// <param name="ingestor">
/// Is told by <see cref="DeadLettersDelivered"/>, or by <see cref="Status.Failure"/> where one can't be delivered.
/// </param>
internal sealed class DeadLettersUnderWay(DeadLetterProducer producer, int partition, IActorRef ingestor)
{
    private const int Maximum = 10_000;
    private int _count;

    /// <summary>Whether there are any.</summary>
    public bool Exist => _count > 0;

    /// <summary>Whether there are so many that no further batch should be read.</summary>
    public bool AreMany => _count > Maximum;

    /// <summary>Sends those of a batch, which may be disposed of as soon as this has returned.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="bad">Index and reason of each.</param>
    public void Send(RecordBatch batch, IReadOnlyList<(int Index, BadRecord Why)> bad)
    {
        if (bad.Count == 0)
            return;
        _count += bad.Count;
        var delivered = new DeadLettersDelivered(bad.Count);
        var deliveries = new Task[bad.Count];
        for (var index = 0; index < deliveries.Length; index++)
            deliveries[index] = producer.SendAsync(partition, batch, bad[index].Index, bad[index].Why);
        Task.WhenAll(deliveries).PipeTo(ingestor, success: () => delivered);
    }

    /// <summary>So many were delivered.</summary>
    public void Delivered(int count) => _count -= count;
}
