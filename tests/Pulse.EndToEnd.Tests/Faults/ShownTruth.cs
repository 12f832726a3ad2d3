namespace Pulse.EndToEnd.Tests.Faults;

/// <summary>
/// What is true of partitions over the time that a shown number may be old: a lag is right if it was right at some moment of it.
/// </summary>
internal sealed class ShownTruth
{
    /// <summary>How old what is shown may be: ten seconds before it is unknown, and what it takes to ask and to answer.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromSeconds(14);

    /// <summary>How long what nodes show may be on its way: it is judged after all of it has arrived.</summary>
    public static readonly TimeSpan Look = TimeSpan.FromSeconds(5);

    private readonly List<(DateTime AtUtc, string Stream, IReadOnlyDictionary<int, (long End, long Stored)> Partitions)> _moments = [];

    /// <summary>Notes what is true now: where each partition ends at least, and what is stored of it.</summary>
    public void Note(DateTime atUtc, string stream, IReadOnlyDictionary<int, (long End, long Stored)> partitions)
    {
        _moments.RemoveAll(moment => moment.AtUtc < atUtc - Age - Look);
        _moments.Add((atUtc, stream, partitions));
    }

    /// <summary>Whether it was the same stream all the time, with all the partitions that it has now.</summary>
    public bool IsSettled => _moments.Count > 0
        && _moments[^1].AtUtc - _moments[0].AtUtc > Age
        && _moments.TrueForAll(moment => moment.Stream == _moments[0].Stream && moment.Partitions.Count == _moments[0].Partitions.Count);

    /// <summary>How many partitions there are.</summary>
    public int Partitions => _moments[^1].Partitions.Count;

    /// <summary>The least and the greatest lag that a partition can have had.</summary>
    public (long Least, long Greatest) LagOf(int partition)
    {
        var known = _moments.Where(moment => moment.Partitions.ContainsKey(partition)).Select(moment => moment.Partitions[partition]).ToList();
        return (
            Math.Max(0, known.Min(each => each.End) - known.Max(each => each.Stored)),
            Math.Max(0, known.Max(each => each.End) - known.Min(each => each.Stored)));
    }
}
