namespace Pulse.Simulation.Tests.World;

/// <summary>
/// The group's committed offsets, per partition of each stream. Anybody may commit anything, also backwards: that a
/// broker fences old members of the group is not relied upon.
/// </summary>
internal sealed class Broker
{
    private readonly Dictionary<int, List<long>> _history = [];

    public long Committed(PartitionLog log) => _history.TryGetValue(log.Number, out var history) ? history[^1] : 0;

    public long HighestEverCommitted(PartitionLog log) =>
        _history.TryGetValue(log.Number, out var history) ? history.Max() : 0;

    /// <summary>Reads the committed offset back; where it lags, one of the last few.</summary>
    public long Read(PartitionLog log, bool lags, SeededRandom random)
    {
        if (!_history.TryGetValue(log.Number, out var history))
            return 0;
        if (!lags)
            return history[^1];
        var back = random.Below(4);
        return back < history.Count ? history[history.Count - 1 - back] : 0;
    }

    public void Commit(PartitionLog log, long offset)
    {
        if (!_history.TryGetValue(log.Number, out var history))
            _history.Add(log.Number, history = []);
        history.Add(offset);
    }
}
