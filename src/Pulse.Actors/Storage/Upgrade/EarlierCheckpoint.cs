using Google.Protobuf;
using Pulse.Counting;

namespace Pulse.Actors.Storage.Upgrade;

/// <summary>The last checkpoint of a bucket of an earlier version: one for each key, or one of a hashed rollup.</summary>
/// <param name="Rollup">The rollup's name.</param>
/// <param name="Bucket">The bucket's name within the rollup.</param>
/// <param name="Positions">Where it stands, in the order in which it met the streams: it holds all of its events below.</param>
/// <param name="Counts">Absolute counts, of the windows that changed since the checkpoint before.</param>
/// <param name="LateCount">How many of its events were late, in total.</param>
internal sealed record EarlierCheckpoint(
    string Rollup,
    string Bucket,
    IReadOnlyList<KeyValuePair<StreamPartition, long>> Positions,
    IReadOnlyList<KeyCount> Counts,
    long LateCount)
{
    /// <summary>The manifest of the journal's events that this reads.</summary>
    public const string Manifest = "counting.bucket-checkpoint.v1";

    /// <summary>Reads an event of the journal.</summary>
    /// <param name="persistenceId">The bucket's: <c>bucket/rollup/name</c>.</param>
    /// <param name="manifest">What the event is.</param>
    /// <param name="message">The event.</param>
    /// <exception cref="NotDrainedException">It is none of a version that can be upgraded.</exception>
    public static EarlierCheckpoint Read(string persistenceId, string manifest, byte[] message)
    {
        if (persistenceId.Split('/', 3) is not [_, var rollup, var bucket] || manifest != Manifest)
            throw Unreadable(persistenceId);
        try
        {
            var wire = Wire.BucketCheckpoint.Parser.ParseFrom(message);
            return new EarlierCheckpoint(
                rollup,
                bucket,
                [.. wire.Positions.Select(each => KeyValuePair.Create(
                    each.Partition is { } partition
                        ? new StreamPartition(partition.Stream, partition.Partition)
                        : throw Unreadable(persistenceId),
                    each.Position))],
                [.. wire.Counts.Select(each =>
                    new KeyCount(new RollupKey([.. each.Key]), new Window(each.WindowEndUnixSeconds), each.Count))],
                wire.LateCount);
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or ArgumentException)
        {
            throw Unreadable(persistenceId);
        }
    }

    /// <summary>For people: <c>viewsByDeviceGenre/Mobile|Drama</c>.</summary>
    public override string ToString() => $"{Rollup}/{Bucket}";

    private static NotDrainedException Unreadable(string persistenceId) => new(
        $"the last event of '{persistenceId}' in its journal can't be read", NotDrainedException.StartOnce);
}
