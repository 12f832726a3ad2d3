using Akka.Actor;
using Pulse.Actors.Broker;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Ingest.Sinks;

/// <summary>
/// Tells the node's sink which records an ingestor has handled and which of them are bad: where they are, not what. Telling
/// waits for nothing.
/// </summary>
/// <param name="partition">The partition.</param>
/// <param name="sink">The node's <see cref="DeadLetterSink"/>.</param>
/// <param name="ingestor">In whose name.</param>
internal sealed class HandledRecords(StreamPartition partition, IActorRef sink, IActorRef ingestor)
{
    private const int MaximumBad = 2_000;

    private readonly List<long> _bad = [];
    private long _from;
    private long _to = -1;

    /// <summary>Notes a batch that was counted.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="bad">Index and reason of each bad record in it.</param>
    public void Add(RecordBatch batch, List<(int Index, BadRecord Why)> bad)
    {
        if (batch.Start != _to || _bad.Count >= MaximumBad)
            TellFrom(batch.Start);
        foreach (var (index, _) in bad)
            _bad.Add(batch.Offset(index));
        _to = batch.NextOffset;
    }

    /// <summary>Tells of bad records at once; of others there is nothing to be done.</summary>
    public void TellOfBad()
    {
        if (_bad.Count > 0)
            Tell();
    }

    /// <summary>Tells also where nothing is new, so that a sink that knows nothing of the partition hears of it.</summary>
    public void Tell() => TellFrom(_to);

    private void TellFrom(long next)
    {
        if (_to >= 0)
            sink.Tell(new RecordsHandled(partition, _from, _to, [.. _bad]), ingestor);
        _bad.Clear();
        _from = _to = next;
    }
}
