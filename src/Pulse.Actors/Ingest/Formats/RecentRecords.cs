using System.Buffers.Binary;
using Pulse.Actors.Broker;
using Pulse.Events;

namespace Pulse.Actors.Ingest.Formats;

/// <summary>
/// How many of a partition's newest records were bad, for what reasons and with what first bytes: of two blocks, of which the elder is
/// complete. Not thread-safe.
/// </summary>
internal sealed class RecentRecords
{
    /// <summary>A block is complete with so many records. Batches are not divided.</summary>
    public const int RecordsPerBlock = 500;

    private const uint Others = uint.MaxValue;

    /// <summary>So many reasons and starts a block tells apart; others count with one of the same reason.</summary>
    public const int MaximumStarts = 64;

    private Block _before = new();
    private Block _now = new();

    /// <summary>How many records they are.</summary>
    public long Records => _before.Records + _now.Records;

    /// <summary>How many of them were bad.</summary>
    public long Bad => _before.Bad + _now.Bad;

    /// <summary>Whether the last judgement of the partition was that its format is wrong.</summary>
    public bool IsWrong { get; set; }

    /// <summary>The reasons and the first bytes of values, each with its number and what people are told of such a value.</summary>
    public IEnumerable<(BadRecord Why, uint First, long Count, ValueStart Start)> Reasons =>
        _now.Reasons.Concat(_before.Reasons)
            .Select(reason => (reason.Key.Why, reason.Key.First, reason.Value.Count, reason.Value.Start));

    /// <summary>Takes what was found in a batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="bad">Index and reason of each bad record in it.</param>
    public void Add(RecordBatch batch, IReadOnlyList<(int Index, BadRecord Why)> bad)
    {
        if (_now.Records >= RecordsPerBlock)
            (_before, _now) = (_now, new Block());
        _now.Records += batch.Count;
        _now.Bad += bad.Count;
        foreach (var (index, why) in bad)
        {
            var value = batch.Value(index);
            var key = (why, FirstBytes(value));
            if (!_now.Reasons.ContainsKey(key) && _now.Reasons.Count >= MaximumStarts)
                key = (why, Others);
            if (_now.Reasons.TryGetValue(key, out var reason))
                reason.Count++;
            else
                _now.Reasons.Add(key, new Reason(ValueStart.Of(value)));
        }
    }

    private static uint FirstBytes(ReadOnlySpan<byte> value)
    {
        Span<byte> first = stackalloc byte[sizeof(uint)];
        first.Clear();
        value[..Math.Min(value.Length, first.Length)].CopyTo(first);
        return BinaryPrimitives.ReadUInt32BigEndian(first);
    }

    private sealed class Block
    {
        public long Records { get; set; }

        public long Bad { get; set; }

        public Dictionary<(BadRecord Why, uint First), Reason> Reasons { get; } = [];
    }

    private sealed class Reason(ValueStart start)
    {
        public long Count { get; set; } = 1;

        public ValueStart Start { get; } = start;
    }
}
