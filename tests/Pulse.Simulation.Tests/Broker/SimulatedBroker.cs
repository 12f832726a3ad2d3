using Pulse.Counting;

namespace Pulse.Simulation.Tests.Broker;

/// <summary>One topic by name; each time that it is made again, it is another stream.</summary>
internal sealed class SimulatedBroker
{
    private readonly int _partitions;
    private readonly List<SimulatedLog[]> _streams = [];

    public SimulatedBroker(int partitions)
    {
        _partitions = partitions;
        MakeTopicAgain();
    }

    /// <summary>The stream that the topic is now.</summary>
    public string Current => _streams[^1][0].Partition.Stream;

    public int StreamCount => _streams.Count;

    public IReadOnlyList<SimulatedLog> CurrentLogs => _streams[^1];

    public IEnumerable<SimulatedLog> Logs => _streams.SelectMany(logs => logs);

    public void MakeTopicAgain()
    {
        var stream = $"cluster/topic/{_streams.Count}";
        _streams.Add([.. Enumerable.Range(0, _partitions).Select(number => new SimulatedLog(new StreamPartition(stream, number)))]);
    }

    public SimulatedLog Log(StreamPartition partition) =>
        _streams.Single(logs => logs[0].Partition.Stream == partition.Stream)[partition.Partition];
}
