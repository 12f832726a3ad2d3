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
    public void Observe(TimeSpan now, IEnumerable<NodeStatus> statuses)
    {
        foreach (var group in statuses.SelectMany(status => status.Partitions).GroupBy(partition => partition.Partition))
        {
            var furthest = group.MaxBy(partition => partition.Position)!;
            var known = _reached.TryGetValue(group.Key, out var reached);
            if (!known || furthest.Position > reached.Position || furthest.Position >= furthest.End)
                _reached[group.Key] = (Math.Max(furthest.Position, reached.Position), now);
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
