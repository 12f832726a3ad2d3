using Pulse.Host.Api;

namespace Pulse.Host.Demo;

/// <summary>
/// Measures how long any partition stood still: the time between two observations in which its position advanced past
/// all it had reached before, or it was read to its end. A replay is no advance.
/// </summary>
internal sealed class GapWatch
{
    private readonly Dictionary<int, (long Position, TimeSpan Since)> _reached = [];

    /// <summary>The longest gap since the last <see cref="Begin"/>, one that is still open included.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>How long the partition that stands still now has done so; zero while all advance.</summary>
    public TimeSpan Open { get; private set; }

    /// <summary>Begins a new measurement; a gap that is open now belongs to it.</summary>
    public void Begin() => Longest = TimeSpan.Zero;

    /// <summary>Takes one observation.</summary>
    /// <param name="now">Time since any fixed moment.</param>
    /// <param name="statuses">What the nodes answered.</param>
    /// <param name="end">The end of a partition; null while unknown.</param>
    public void Observe(TimeSpan now, IEnumerable<NodeStatus> statuses, Func<int, long?> end)
    {
        var read = statuses.SelectMany(status => status.Partitions).Where(partition => partition.IsHere);
        foreach (var group in read.GroupBy(partition => partition.Partition))
        {
            var furthest = group.Max(partition => partition.Position) ?? 0;
            var known = _reached.TryGetValue(group.Key, out var reached);
            if (!known || furthest > reached.Position || furthest >= end(group.Key))
                _reached[group.Key] = (Math.Max(furthest, reached.Position), now);
            if (known)
                Note(now - reached.Since);
        }

        // A partition that nobody reads stands still as well.
        Open = _reached.Values.Select(reached => now - reached.Since).DefaultIfEmpty().Max();
        Note(Open);
    }

    private void Note(TimeSpan gap)
    {
        if (gap > Longest)
            Longest = gap;
    }
}
