using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Pulse.Counting;

namespace Pulse.Warehouse;

/// <summary>
/// The digest of a date, computed while its rows stream by. Over the rows and not over the file's bytes, so that
/// another version of the file format's writer does not make the same rows look changed.
/// </summary>
/// <remarks>
/// Every text goes in with its length before it, so that no two different contents are the same bytes. The encoding
/// is part of job ids that warehouses remember: a change makes every date be loaded once more.
/// </remarks>
internal sealed class ContentDigest : IDisposable
{
    private const string Version = "pulse.date.v1";
    private const int BufferSize = 16 * 1024;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _buffer = new byte[BufferSize];
    private int _used;

    public ContentDigest(string warehouse, Rollup rollup, DateOnly date)
    {
        Add(Version);
        Add(warehouse);
        Add(rollup.Name);
        Add(date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        Add(rollup.Dimensions.Length);
        foreach (var dimension in rollup.Dimensions)
            Add(dimension);
    }

    /// <summary>The rows added so far.</summary>
    public long Rows { get; private set; }

    /// <summary>The sum of their counts.</summary>
    public long ViewCount { get; private set; }

    public void Add(KeyCount row)
    {
        var values = row.Key.Values;
        for (var index = 0; index < values.Count; index++)
            Add(values[index]);
        Add(row.Window.EndUtc.Ticks);
        Add(row.Count);
        Rows++;
        ViewCount += row.Count;
    }

    /// <summary>The content so far; nothing can be added afterwards.</summary>
    public DateContent Complete()
    {
        Flush();
        return new DateContent(Convert.ToHexStringLower(_hash.GetHashAndReset()), Rows, ViewCount);
    }

    public void Dispose() => _hash.Dispose();

    private void Add(string text)
    {
        var longest = Encoding.UTF8.GetMaxByteCount(text.Length);
        Reserve(longest + sizeof(int));
        var written = Encoding.UTF8.GetBytes(text, _buffer.AsSpan(_used + sizeof(int)));
        BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(_used), written);
        _used += sizeof(int) + written;
    }

    private void Add(long number)
    {
        Reserve(sizeof(long));
        BinaryPrimitives.WriteInt64LittleEndian(_buffer.AsSpan(_used), number);
        _used += sizeof(long);
    }

    private void Reserve(int bytes)
    {
        if (_used + bytes <= _buffer.Length)
            return;
        Flush();
        if (bytes > _buffer.Length)
            _buffer = new byte[bytes];
    }

    private void Flush()
    {
        _hash.AppendData(_buffer, 0, _used);
        _used = 0;
    }
}
