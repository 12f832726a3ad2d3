using System.Runtime.InteropServices;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Ingest;

/// <summary>
/// Finds the key's counter of one rollup for the interned dimension values of an event, without making a key or a string
/// for a combination that was seen before. Lives as long as its session.
/// </summary>
internal sealed class RollupKeys
{
    private readonly Rollup _rollup;
    private readonly EventDecoder _decoder;
    private readonly IngestSession _session;
    private readonly int _version;
    private readonly int[] _dimensions;
    private readonly Step[] _steps;
    private readonly List<KeyTally> _keys = [];

    /// <param name="rollup">The rollup.</param>
    /// <param name="version">The place of its version among the session's.</param>
    /// <param name="decoder">Decodes at least its dimensions.</param>
    /// <param name="session">The session that counts.</param>
    public RollupKeys(Rollup rollup, int version, EventDecoder decoder, IngestSession session)
    {
        _rollup = rollup;
        _version = version;
        _decoder = decoder;
        _session = session;
        _dimensions = [.. rollup.Dimensions.Select(dimension => IndexOf(decoder, dimension))];
        _steps = [.. _dimensions.Select(_ => new Step())];
    }

    /// <summary>How many keys were met.</summary>
    public int Count => _keys.Count;

    /// <summary>Forgets all keys, as the decoder forgot their values. Keeps the memory for those to come.</summary>
    public void Clear()
    {
        _keys.Clear();
        foreach (var step in _steps)
            step.Clear();
    }

    /// <summary>The counter of the event's key. Hot path.</summary>
    /// <param name="valueIds">What the decoder gave.</param>
    public KeyTally Find(ReadOnlySpan<int> valueIds)
    {
        // Combinations are numbered prefix by prefix, from 1: (a) → n, (n, b) → m, …; the last number is the key's.
        var number = 0;
        for (var index = 0; index < _dimensions.Length; index++)
        {
            var step = _steps[index];
            ref var next = ref step.NumberOf(number, valueIds[_dimensions[index]]);
            if (next == 0)
                next = index == _dimensions.Length - 1 ? AddKey(valueIds) : ++step.Count;
            number = next;
        }

        return _keys[number - 1];
    }

    private int AddKey(ReadOnlySpan<int> valueIds)
    {
        var values = new string[_dimensions.Length];
        for (var index = 0; index < values.Length; index++)
            values[index] = _decoder.Text(_dimensions[index], valueIds[_dimensions[index]]);
        var key = new RollupKey(values);
        _keys.Add(_session.Key(_version, BucketId.NumberOf(_rollup, key), key));
        return _keys.Count;
    }

    private static int IndexOf(EventDecoder decoder, string dimension)
    {
        for (var index = 0; index < decoder.Dimensions.Count; index++)
        {
            if (decoder.Dimensions[index].Name == dimension)
                return index;
        }

        throw new ArgumentException($"The decoder does not decode {dimension}.", nameof(dimension));
    }

    /// <summary>The numbers of prefixes that are one value longer. What is met first is found without hashing.</summary>
    private sealed class Step
    {
        private const int DensePrefixes = 256;
        private const int DenseValues = 64;

        private readonly Dictionary<ulong, int> _sparse = [];
        private int[] _dense = new int[DenseValues];

        /// <summary>How many were given; for the caller to count.</summary>
        public int Count { get; set; }

        public void Clear()
        {
            Count = 0;
            _sparse.Clear();
            Array.Clear(_dense);
        }

        /// <summary>Where the number stands; 0 if it has none yet. To be set before the next call.</summary>
        public ref int NumberOf(int prefix, int valueId)
        {
            if (prefix >= DensePrefixes || (uint)valueId >= DenseValues)
                return ref CollectionsMarshal.GetValueRefOrAddDefault(_sparse, ((ulong)(uint)prefix << 32) | (uint)valueId, out _);

            var place = (prefix * DenseValues) + valueId;
            if (place >= _dense.Length)
                Array.Resize(ref _dense, Math.Max(2 * _dense.Length, (prefix + 1) * DenseValues));
            return ref _dense[place];
        }
    }
}
