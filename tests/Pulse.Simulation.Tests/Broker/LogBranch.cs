using Pulse.Counting;

namespace Pulse.Simulation.Tests.Broker;

/// <summary>A log as it was until it was cut, or as it is now.</summary>
internal sealed class LogBranch
{
    public List<SimulatedRecord> Records { get; } = [];

    /// <summary>Where each leader's epoch begins, which is where the log ended when it was elected.</summary>
    public List<(int Epoch, long Start)> Epochs { get; } = [];

    /// <summary>The offset that the next record will have.</summary>
    public long End { get; set; }

    /// <summary>Whether the broker finds a position in this branch: not beyond the end of its epoch (OffsetForLeaderEpoch).</summary>
    public bool Knows(LogPosition position)
    {
        if (position.Offset > End)
            return false;
        if (position.Epoch == LogPosition.UnknownEpoch)
            return true;
        var index = Epochs.FindLastIndex(each => each.Epoch <= position.Epoch);
        return index >= 0 && position.Offset <= (index + 1 == Epochs.Count ? End : Epochs[index + 1].Start);
    }

    /// <summary>Whether a position is a place in this branch, as far as its epoch can say.</summary>
    public bool Holds(LogPosition position)
    {
        if (position.Offset > End)
            return false;
        if (position.Epoch == LogPosition.UnknownEpoch || position.Offset == 0)
            return true;
        var below = Records.FindLastIndex(record => record.Offset < position.Offset);
        if (below >= 0 && Records[below].Offset == position.Offset - 1)
            return Records[below].Epoch == position.Epoch;
        return (below < 0 || Records[below].Epoch <= position.Epoch)
            && (below + 1 == Records.Count || position.Epoch <= Records[below + 1].Epoch);
    }
}
