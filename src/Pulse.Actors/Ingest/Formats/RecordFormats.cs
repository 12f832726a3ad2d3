using System.Globalization;
using Pulse.Actors.Broker;
using Pulse.Events;

namespace Pulse.Actors.Ingest.Formats;

/// <summary>
/// Finds out that a whole producer writes another format: that much of what this node reads lately, or of what it reads of one
/// partition, is no viewing event. Ingestors write, anyone reads. Thread-safe.
/// </summary>
/// <remarks>
/// The format is wrong from a fifth of the newest records on, and 20 at least, until it is less than a tenth. A partition's newest
/// records are its last 500 to 1,000, or a batch more; a node's those of all its partitions. So of a producer to one partition of
/// hundreds one learns as well, and neither a few bad records nor a share that goes up and down are news again and again.
/// </remarks>
public sealed class RecordFormats
{
    private const int LeastBad = 20;
    private const int BeginsAtOneOf = 5;
    private const int EndsBelowOneOf = 10;

    private readonly Lock _gate = new();
    private readonly Dictionary<int, RecentRecords> _partitions = [];
    private bool _isWrong;
    private volatile string? _problem;

    /// <summary>
    /// What share of the newest records is bad, for what reason most are, and how these begin, in one line; null while the format is right.
    /// </summary>
    public string? Problem => _problem;

    /// <summary>Takes what was found in a batch of a partition.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="bad">Index and reason of each bad record in it.</param>
    internal void Add(int partition, RecordBatch batch, IReadOnlyList<(int Index, BadRecord Why)> bad)
    {
        lock (_gate)
        {
            if (!_partitions.TryGetValue(partition, out var recent))
                _partitions.Add(partition, recent = new RecentRecords());
            recent.Add(batch, bad);
        }
    }

    /// <summary>Forgets a partition: another node reads it, or this one begins anew.</summary>
    internal void Forget(int partition)
    {
        lock (_gate)
            _partitions.Remove(partition);
    }

    /// <summary>Judges what was read lately. To be called once a second.</summary>
    /// <returns>The new <see cref="Problem"/>.</returns>
    internal string? Judge()
    {
        lock (_gate)
        {
            foreach (var partition in _partitions.Values)
                partition.IsWrong = IsWrong(partition.Records, partition.Bad, partition.IsWrong);
            _isWrong = IsWrong(_partitions.Values.Sum(each => each.Records), _partitions.Values.Sum(each => each.Bad), _isWrong);
            var wrong = _partitions.Where(each => each.Value.IsWrong).Select(each => each.Key).Order().ToList();
            _problem = _isWrong ? TextOf("the records that this node reads", _partitions.Values)
                : wrong.Count > 0 ? TextOf(NameOf(wrong), wrong.Select(number => _partitions[number]))
                : null;
            return _problem;
        }
    }

    private static bool IsWrong(long records, long bad, bool was) =>
        was ? bad * EndsBelowOneOf >= records && bad > 0 : bad >= LeastBad && bad * BeginsAtOneOf >= records;

    private static string NameOf(List<int> partitions) =>
        $"partition {partitions[0]}{(partitions.Count > 1 ? $" and {partitions.Count - 1} more" : "")}";

    private static string TextOf(string what, IEnumerable<RecentRecords> partitions)
    {
        var newest = partitions.ToList();
        var (records, bad) = (newest.Sum(each => each.Records), newest.Sum(each => each.Bad));
        var most = newest.SelectMany(each => each.Reasons).GroupBy(reason => reason.Why).MaxBy(reasons => reasons.Sum(reason => reason.Count))!;
        var start = most.GroupBy(reason => reason.First).MaxBy(alike => alike.Sum(reason => reason.Count))!.First().Start;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{100 * bad / records} % of {what} are no viewing events ({bad:N0} of the newest {records:N0}), most of them {most.Key} ({most.Sum(reason => reason.Count):N0}). Such a value begins with {start}.");
    }
}
