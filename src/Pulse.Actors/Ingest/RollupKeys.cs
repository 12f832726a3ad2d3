using System.Runtime.InteropServices;
using Pulse.Actors.Counting;
using Pulse.Actors.Events;
using Pulse.Actors.Rollups;

namespace Pulse.Actors.Ingest;

/// <summary>
/// Finds the key tally of one rollup for the interned dimension values of an event, without making a key or a string
/// for a combination that was seen before. Lives as long as its session's tally.
/// </summary>
internal sealed class RollupKeys
{
    private readonly Rollup _rollup;
    private readonly EventDecoder _decoder;
    private readonly PartitionTally _tally;
    private readonly int[] _dimensions;
    private readonly Dictionary<ulong, int>[] _prefixes;
    private readonly List<KeyTally> _keys = [];
    private readonly BucketId?[] _hashed;

    public RollupKeys(Rollup rollup, EventDecoder decoder, PartitionTally tally)
    {
        _rollup = rollup;
        _decoder = decoder;
        _tally = tally;
        _hashed = new BucketId?[rollup.Buckets ?? 0];
        _dimensions = [.. rollup.Dimensions.Select(dimension => IndexOf(decoder, dimension))];
        _prefixes = [.. _dimensions.Select(_ => new Dictionary<ulong, int>())];
    }

    /// <summary>How many keys were met.</summary>
    public int Count => _keys.Count;

    /// <summary>The tally of the event's key. Hot path.</summary>
    /// <param name="valueIds">What the decoder gave.</param>
    public KeyTally Find(ReadOnlySpan<int> valueIds)
    {
        // Combinations are numbered prefix by prefix: (a) → n, (n, b) → m, …; the last number is the key's.
        var number = 0;
        for (var index = 0; index < _dimensions.Length; index++)
        {
            var pair = ((ulong)(uint)number << 32) | (uint)valueIds[_dimensions[index]];
            var prefixes = _prefixes[index];
            ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(prefixes, pair, out var exists);
            if (!exists)
                known = index == _dimensions.Length - 1 ? AddKey(valueIds) : prefixes.Count - 1;
            number = known;
        }

        return _keys[number];
    }

    private int AddKey(ReadOnlySpan<int> valueIds)
    {
        var values = new string[_dimensions.Length];
        for (var index = 0; index < values.Length; index++)
            values[index] = _decoder.Text(_dimensions[index], valueIds[_dimensions[index]]);
        var key = new RollupKey(values);
        _keys.Add(_tally.Key(BucketOf(key), key));
        return _keys.Count - 1;
    }

    // Of hashed buckets there are few and of their keys very many, so their names are made once.
    private BucketId BucketOf(RollupKey key) => _rollup.Buckets is null
        ? BucketId.Owning(_rollup, key)
        : _hashed[BucketId.NumberOf(_rollup, key)] ??= BucketId.Owning(_rollup, key);

    private static int IndexOf(EventDecoder decoder, Dimension dimension)
    {
        for (var index = 0; index < decoder.Dimensions.Count; index++)
        {
            if (decoder.Dimensions[index] == dimension)
                return index;
        }

        throw new ArgumentException($"The decoder does not decode {dimension}.", nameof(dimension));
    }
}
