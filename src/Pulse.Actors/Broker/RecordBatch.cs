using System.Buffers;

namespace Pulse.Actors.Broker;

/// <summary>
/// Records of one partition in offset order, copied out of the client into two rented arrays: no object per record.
/// Owned by whoever received it, and given back by <see cref="Dispose"/>.
/// </summary>
public sealed class RecordBatch : PartitionNews, IDisposable
{
    private const int MaximumRecords = 2_000;
    private const int MaximumBytes = 512 * 1024;
    private const int LeastBytes = 16 * 1024;

    private readonly int _expectedBytes;
    private byte[] _bytes = [];
    private Entry[] _entries = [];
    private int _length;

    /// <summary>Makes an empty batch.</summary>
    /// <param name="reading">See <see cref="PartitionNews.Reading"/>.</param>
    /// <param name="start">See <see cref="Start"/>.</param>
    /// <param name="expectedBytes">How large it will probably become, so that it need not grow step by step.</param>
    public RecordBatch(int reading, long start, int expectedBytes = 0)
        : base(reading)
    {
        _expectedBytes = Math.Max(expectedBytes, LeastBytes);
        Start = NextOffset = start;
    }

    /// <summary>
    /// The position before this batch: that after the batch before it, or where reading began. Offsets can have gaps,
    /// batches can't: whoever finds another start than expected has missed records.
    /// </summary>
    public long Start { get; }

    /// <summary>The number of records; zero where the batch only brings a new end of the partition.</summary>
    public int Count { get; private set; }

    /// <summary>The sum of the sizes of keys and values, in bytes.</summary>
    public int SizeInBytes => _length;

    /// <summary>Whether it should be handed over before more is added.</summary>
    public bool IsFull => Count >= MaximumRecords || _length >= MaximumBytes;

    /// <summary>The position after this batch: the next offset to read.</summary>
    public long NextOffset { get; private set; }

    /// <summary>Appends a record.</summary>
    /// <param name="offset">Its offset; greater than that of the record before.</param>
    /// <param name="epoch">The epoch of the leader that wrote it, or -1 if unknown.</param>
    /// <param name="unixMilliseconds">The Kafka record's timestamp, or -1 if it has none.</param>
    /// <param name="key">The key; empty if absent.</param>
    /// <param name="value">The value; empty if absent.</param>
    public void Add(long offset, int epoch, long unixMilliseconds, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Reserve(key.Length + value.Length);
        key.CopyTo(_bytes.AsSpan(_length));
        value.CopyTo(_bytes.AsSpan(_length + key.Length));
        _entries[Count++] = new Entry(offset, unixMilliseconds, epoch, _length, key.Length, value.Length);
        _length += key.Length + value.Length;
        NextOffset = offset + 1;
    }

    /// <summary>
    /// Says that the partition holds nothing before an offset that is not in the batch, such as transaction markers.
    /// </summary>
    public void ReachedEnd(long nextOffset) => NextOffset = Math.Max(NextOffset, nextOffset);

    /// <summary>The offset of a record.</summary>
    public long Offset(int index) => _entries[index].Offset;

    /// <summary>The epoch of the leader that wrote a record, or -1 if unknown.</summary>
    public int Epoch(int index) => _entries[index].Epoch;

    /// <summary>The Kafka record's own timestamp, in Unix milliseconds, or -1.</summary>
    public long UnixMilliseconds(int index) => _entries[index].UnixMilliseconds;

    /// <summary>The key's bytes.</summary>
    public ReadOnlySpan<byte> Key(int index) => _bytes.AsSpan(_entries[index].Start, _entries[index].KeyLength);

    /// <summary>The value's bytes.</summary>
    public ReadOnlySpan<byte> Value(int index)
    {
        ref var entry = ref _entries[index];
        return _bytes.AsSpan(entry.Start + entry.KeyLength, entry.ValueLength);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        if (_entries.Length > 0)
            ArrayPool<Entry>.Shared.Return(_entries);
        _bytes = [];
        _entries = [];
        Count = _length = 0;
    }

    private void Reserve(int size)
    {
        if (_length + size > _bytes.Length)
            _bytes = Grow(_bytes, _length, Math.Max(_length + size, _expectedBytes));
        if (Count == _entries.Length)
            _entries = Grow(_entries, Count, Math.Max(Count + 1, 128));
    }

    private static T[] Grow<T>(T[] array, int used, int needed)
    {
        var larger = ArrayPool<T>.Shared.Rent(Math.Max(needed, array.Length * 2));
        array.AsSpan(0, used).CopyTo(larger);
        if (array.Length > 0)
            ArrayPool<T>.Shared.Return(array);
        return larger;
    }

    private readonly record struct Entry(long Offset, long UnixMilliseconds, int Epoch, int Start, int KeyLength, int ValueLength);
}
