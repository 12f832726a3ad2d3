using Pulse.Counting;

namespace Pulse.Simulation.Tests.Broker;

/// <summary>The log of one partition of one stream, with everything that it ever was.</summary>
internal sealed class SimulatedLog(StreamPartition partition)
{
    private readonly List<LogBranch> _branches = [new() { Epochs = { (1, 0) } }];
    private int _epoch = 1;

    public StreamPartition Partition { get; } = partition;

    public IReadOnlyList<LogBranch> Branches => _branches;

    public bool WasCut => _branches.Count > 1;

    /// <summary>The first offset that is left.</summary>
    public long Begin { get; private set; }

    public long End => Current.End;

    private LogBranch Current => _branches[^1];

    public void Append(RecordKind kind, int key, int window) =>
        Current.Records.Add(new SimulatedRecord(Current.End++, _epoch, kind, key, window));

    public void LeaveHole() => Current.End++;

    public void ChangeLeader() => Current.Epochs.Add((++_epoch, Current.End));

    public void RemoveBelow(long offset) => Begin = Math.Max(Begin, offset);

    public void CutAt(long offset)
    {
        var branch = new LogBranch { End = offset };
        branch.Records.AddRange(Current.Records.Where(record => record.Offset < offset));
        branch.Epochs.AddRange(Current.Epochs.Where(epoch => epoch.Start < offset));
        _branches.Add(branch);
        ChangeLeader();
    }

    public bool Holds(LogPosition position) => Current.Holds(position);

    public bool Knows(LogPosition position) => Current.Knows(position);

    public IEnumerable<SimulatedRecord> Read(long from, int atMost) =>
        Current.Records.Where(record => record.Offset >= from && record.Offset >= Begin).Take(atMost);
}
