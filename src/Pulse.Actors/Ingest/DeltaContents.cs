using System.Runtime.Serialization;
using Pulse.Counting;
using static Pulse.Actors.Ingest.Columns;

namespace Pulse.Actors.Ingest;

/// <summary>Reads the deltas of a message one after another, each with its share of the counts and gaps.</summary>
/// <param name="wire">The message; its columns were compared in length.</param>
internal sealed class DeltaContents(Wire.BucketRequests wire)
{
    private readonly RollupKey[] _keys = [.. wire.Keys.Select(key => new RollupKey([.. key.Values]))];
    private int _deltas;
    private int _counts;
    private int _gaps;

    /// <summary>The next delta.</summary>
    /// <exception cref="SerializationException">The message holds less than it says.</exception>
    public Delta Next(StreamPartition partition, VersionDigest version, LogPosition from, LogPosition to)
    {
        var row = _deltas++;
        var balance = new Balance(
            AtOrZero(wire.Counted, row),
            AtOrZero(wire.Late, row),
            AtOrZero(wire.Dead, row),
            AtOrZero(wire.Filtered, row),
            AtOrZero(wire.Consumed, row));
        return new Delta(
            partition, version, from, to, balance, Counts(wire.CountNumbers[row]), Gaps(partition, wire.GapNumbers[row]));
    }

    /// <summary>Sees that nothing is left over.</summary>
    /// <exception cref="SerializationException">There is.</exception>
    public void RequireEnd()
    {
        Require(_counts, wire.Counts.Count);
        Require(_gaps, wire.GapOffsets.Count);
    }

    private KeyCount[] Counts(uint number)
    {
        if (number > wire.Counts.Count - _counts)
            throw Malformed();
        var counts = new KeyCount[number];
        for (var index = 0; index < counts.Length; index++, _counts++)
        {
            counts[index] = new KeyCount(
                At(_keys, wire.KeyIndexes[_counts]), new Window(wire.WindowEndsUnixSeconds[_counts]), wire.Counts[_counts]);
        }

        return counts;
    }

    private Gap[] Gaps(StreamPartition partition, uint number)
    {
        if (number > wire.GapOffsets.Count - _gaps)
            throw Malformed();
        var gaps = new Gap[number];
        for (var index = 0; index < gaps.Length; index++, _gaps++)
            gaps[index] = new Gap(partition, wire.GapOffsets[_gaps], wire.GapOffsets[_gaps] + wire.GapLengths[_gaps]);
        return gaps;
    }
}
