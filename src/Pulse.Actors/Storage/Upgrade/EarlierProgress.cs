using System.Globalization;
using Pulse.Counting;

namespace Pulse.Actors.Storage.Upgrade;

/// <summary>
/// How far the buckets of an earlier version stand, and whether that is one place. Each had a position of its own in every
/// partition, at the last of its own events or further on: they agree if no bucket has an event between its position and the
/// furthest one.
/// </summary>
internal sealed class EarlierProgress
{
    private readonly List<string> _streams = [];
    private readonly Dictionary<StreamPartition, (long Position, EarlierCheckpoint Bucket)> _furthest = [];
    private EarlierCheckpoint? _unpublished;
    private bool _isForgetful;

    /// <summary>Adds a bucket.</summary>
    /// <param name="bucket">Its last checkpoint.</param>
    /// <param name="isPublished">Whether the tables hold all that is in it.</param>
    public void Add(EarlierCheckpoint bucket, bool isPublished)
    {
        if (!isPublished)
            _unpublished ??= bucket;
        foreach (var (partition, position) in bucket.Positions)
        {
            if (!_streams.Contains(partition.Stream))
                _streams.Add(partition.Stream);
            if (!_furthest.TryGetValue(partition, out var known) || known.Position < position)
                _furthest[partition] = (position, bucket);
        }

        // A bucket kept the positions of so many streams, and forgot the oldest for a new one.
        _isForgetful |= bucket.Positions.Select(each => each.Key.Stream).Distinct().Count() >= BucketPositions.MaximumStreams;
    }

    /// <summary>Where all buckets stand: their one place in the stream that goes on, and the furthest in those that are gone.</summary>
    /// <param name="committed">What Kafka says.</param>
    /// <param name="totals">What the tables hold of each rollup.</param>
    /// <exception cref="NotDrainedException">They don't stand at one place.</exception>
    public BucketPositions Agreed(GroupProgress committed, IReadOnlyList<EarlierTotal> totals)
    {
        var isLive = _streams.Contains(committed.Stream);
        if (isLive)
            RequireNoneBeyond(committed);
        else if (_streams.Count > 0)
            RequireAll(committed, totals);

        var positions = new BucketPositions();
        foreach (var stream in _streams.Where(stream => stream != committed.Stream))
        {
            foreach (var (partition, (position, _)) in _furthest.Where(each => each.Key.Stream == stream))
                Set(positions, partition, position);
        }

        // A position beyond the last event of any bucket is one as well: nothing is missing below what was committed.
        foreach (var (partition, offset) in isLive ? committed.Offsets.AsEnumerable() : [])
            Set(positions, new StreamPartition(committed.Stream, partition), offset);
        return positions;
    }

    private string Unpublished => $"the last checkpoint of bucket {_unpublished} is not in the result tables";

    // Everything below a committed offset was stored by all buckets before it was committed.
    private void RequireNoneBeyond(GroupProgress committed)
    {
        foreach (var (partition, (position, bucket)) in _furthest.Where(each => each.Key.Stream == committed.Stream))
        {
            var offset = committed.Offsets.GetValueOrDefault(partition.Partition);
            if (position > offset)
                throw new NotDrainedException(string.Create(CultureInfo.InvariantCulture,
                    $"bucket {bucket} stands at offset {position} of {partition}, and group '{committed.Group}' has committed {offset}"));
        }

        if (_unpublished is not null)
            throw new NotDrainedException(Unpublished);
    }

    // Nobody has the log any more. But each table holds only events below the furthest positions, so one that holds as many as
    // there are holds all of them.
    private void RequireAll(GroupProgress committed, IReadOnlyList<EarlierTotal> totals)
    {
        if (committed.Offsets.Any(partition => partition.Value > 0))
            throw new NotDrainedException(
                $"group '{committed.Group}' has committed offsets in the stream {committed.Stream}, of which no bucket knows anything");

        if (_unpublished is not null)
            throw new NotDrainedException($"{Unpublished}, and no broker has its stream any more", NotDrainedException.StartAnew);
        var events = _isForgetful
            ? totals.Max(total => total.Events)
            : _furthest.Values.Sum(furthest => furthest.Position) - totals.Sum(total => total.DeadLetters);
        if (totals.FirstOrDefault(total => !total.IsOfDeadLetters && total.Events != events) is { } different)
            throw new NotDrainedException(
                string.Create(CultureInfo.InvariantCulture,
                    $"{different.Rollup.Name} holds {different.Events} events of {events} in streams that no broker has any more"),
                NotDrainedException.StartAnew);
    }

    private static void Set(BucketPositions positions, StreamPartition partition, long offset)
    {
        try
        {
            positions.Set(partition, new LogPosition(offset, LogPosition.UnknownEpoch));
        }
        catch (ArgumentException)
        {
            throw new NotDrainedException(
                string.Create(CultureInfo.InvariantCulture, $"'{partition}' is no partition, or {offset} no offset in it"),
                NotDrainedException.GoOn);
        }
    }
}
