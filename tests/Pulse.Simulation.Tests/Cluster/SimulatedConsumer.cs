using Pulse.Counting;
using Pulse.Simulation.Tests.Broker;

namespace Pulse.Simulation.Tests.Cluster;

/// <summary>
/// Reads a partition as the client does: it compares its own epoch with the log's, and does not notice when the topic is
/// made again, but goes on at the old offset.
/// </summary>
internal sealed class SimulatedConsumer(SimulatedBroker broker, int partition)
{
    private string _stream = "";
    private LogPosition _position;
    private bool _reads;

    public int Reading { get; private set; }

    public void Seek(LogPosition position, int reading)
    {
        (_position, Reading, _reads) = (position, reading, true);
        _stream = broker.Current;
    }

    /// <summary>Fetches some records, or has the session told why it can't.</summary>
    public FetchedBatch? Fetch(int atMost, Action<Action<IngestSession>> tell)
    {
        var reading = Reading;
        var log = broker.CurrentLogs[partition];
        if (!_reads)
            return null;
        var from = _stream == broker.Current ? _position.BehindRecord.Offset : _position.Offset;
        if (from < log.Begin || _position.Offset > log.End)
        {
            _reads = false;
            tell(session => session.PositionNotFound(reading));
            return null;
        }

        SimulatedRecord[] records = [.. log.Read(from, atMost)];
        // Another record may also be where there was none.
        if (_stream == broker.Current
            && (!log.Knows(_position.BehindRecord) || (records.Length > 0 && records[0].Offset < _position.Offset)))
        {
            _reads = false;
            tell(session => session.LogWasCut(reading, "simulated", null));
            return null;
        }

        var next = records.Length < atMost ? log.End : records[^1].Offset + 1;
        var batch = new FetchedBatch(Reading, _position.Offset, records, next);
        var last = records.Length > 0 ? new LogPosition(records[^1].Offset + 1, records[^1].Epoch) : _position;
        _position = last.SkipTo(Math.Max(next, last.Offset));
        _stream = broker.Current;
        return batch.Next == batch.Start ? null : batch;
    }
}
