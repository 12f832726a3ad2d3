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
        RequireSameTopic(committed.Stream);
        if (_streams.Contains(committed.Stream))
            RequireNoneBeyond(committed, totals);
        else if (_streams.Count > 0)
            RequireAll(committed, totals);
        else
            RequireNothing(totals);

        // What was committed beyond the last event of all buckets is read again: there are no events, if the group is the right one.
        var positions = new BucketPositions();
        foreach (var stream in _streams.OrderBy(stream => stream == committed.Stream))
        {
            foreach (var (partition, (position, _)) in _furthest.Where(each => each.Key.Stream == stream))
                Set(positions, partition, position);
        }

        return positions;
    }

    private string Unpublished => $"the last checkpoint of bucket {_unpublished} is not in the result tables";

    // Else positions would stay that nobody goes on from, and the tables would go on with events of another kind.
    private void RequireSameTopic(string stream)
    {
        var topics = _streams.Select(TopicOf).Distinct().ToList();
        if (topics.Count == 0 || TopicOf(stream) is not { } topic || topics.Contains(topic) || topics.Contains(null))
            return;
        throw new NotDrainedException(
            $"it was counted from topic '{topics[^1]}', and Pulse:Kafka:Topic is '{topic}'",
            $"Set Pulse:Kafka:Topic to '{topics[^1]}' on all nodes, or use an empty database for '{topic}'.");
    }

    // Cluster, topic and, where there is one, the topic's id, which may hold a slash; an identity that somebody has configured names
    // none.
    private static string? TopicOf(string stream) => stream.Split('/', 3) is { Length: > 1 } parts ? parts[1] : null;

    // Everything below a committed offset was stored by all buckets before it was committed.
    private void RequireNoneBeyond(GroupProgress committed, IReadOnlyList<EarlierTotal> totals)
    {
        foreach (var (partition, (position, bucket)) in _furthest.Where(each => each.Key.Stream == committed.Stream))
        {
            var offset = committed.Offsets.GetValueOrDefault(partition.Partition);
            if (position > offset)
                throw new NotDrainedException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"bucket {bucket} stands at offset {position} of {partition}, and group '{committed.Group}' of Pulse:Kafka:GroupId "
                    + $"has committed {offset}"));
        }

        if (_unpublished is not null)
            throw new NotDrainedException(Unpublished);

        // A group that stands further may be one that somebody moved, or another one: then it proves nothing, and the tables must.
        var isFurther = committed.Offsets.Any(partition =>
            partition.Value > _furthest.GetValueOrDefault(new StreamPartition(committed.Stream, partition.Key)).Position);
        if (isFurther && totals.Where(total => !total.IsOfDeadLetters).Select(total => total.Events).Distinct().Count() > 1)
            throw new NotDrainedException(
                $"group '{committed.Group}' of Pulse:Kafka:GroupId has committed more than the buckets hold, and rollups hold different "
                + "numbers of events");
    }

    // Without a checkpoint nothing was counted.
    private static void RequireNothing(IReadOnlyList<EarlierTotal> totals)
    {
        if (totals.FirstOrDefault(total => total.Counted.Sum() + total.Late > 0) is { } counted)
            throw new NotDrainedException(
                $"its journal has no checkpoint, and {counted.Rollup.Name} holds events", NotDrainedException.GoOn);
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
