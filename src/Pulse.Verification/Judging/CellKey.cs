using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.IO.Hashing;
using System.Text;
using Pulse.Verification.Declarations;
using Pulse.Verification.Events;
using Pulse.Verification.Storage;

namespace Pulse.Verification.Judging;

/// <summary>
/// A key and a window as bytes: the values in UTF-8, each followed by FF, which no UTF-8 has, and then the window's end. The first
/// part is what the contract hashes to find the key's bucket.
/// </summary>
internal static class CellKey
{
    private const byte EndOfValue = 0xFF;
    private const int WindowBytes = sizeof(long);

    // By whole bytes, found by a span as well: what was seen before costs no object.
    public static IEqualityComparer<byte[]> Comparer { get; } = new BytesComparer();

    /// <summary>The bytes of a row.</summary>
    public static byte[] Of(StoredRow row)
    {
        var key = new byte[row.Values.Sum(value => Encoding.UTF8.GetByteCount(value) + 1) + WindowBytes];
        var length = 0;
        foreach (var value in row.Values)
        {
            length += Encoding.UTF8.GetBytes(value, key.AsSpan(length));
            key[length++] = EndOfValue;
        }

        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(length), row.WindowEndTicks);
        return key;
    }

    /// <summary>Writes the bytes of an event's cell.</summary>
    /// <returns>How many there are.</returns>
    public static int Write(Span<byte> key, EventReader read, ImmutableArray<DeclaredDimension> dimensions, long windowEnd)
    {
        var length = 0;
        foreach (var dimension in dimensions)
            Append(key, ref length, read.ValueOf(dimension));
        return WithWindow(key, length, windowEnd);
    }

    /// <summary>The same for a key of one value.</summary>
    public static int Write(Span<byte> key, ReadOnlySpan<byte> value, long windowEnd)
    {
        var length = 0;
        Append(key, ref length, value);
        return WithWindow(key, length, windowEnd);
    }

    /// <summary>The bucket that owns a key.</summary>
    public static int BucketOf(ReadOnlySpan<byte> key, int buckets) =>
        (int)(XxHash64.HashToUInt64(key[..^WindowBytes]) % (ulong)buckets);

    /// <summary>The end of its window, in ticks since 1970.</summary>
    public static long WindowEndTicks(ReadOnlySpan<byte> key) => BinaryPrimitives.ReadInt64BigEndian(key[^WindowBytes..]);

    /// <summary>The values of its key.</summary>
    public static string[] Values(ReadOnlySpan<byte> key)
    {
        var values = new List<string>();
        for (var rest = key[..^WindowBytes]; !rest.IsEmpty;)
        {
            var end = rest.IndexOf(EndOfValue);
            values.Add(Encoding.UTF8.GetString(rest[..end]));
            rest = rest[(end + 1)..];
        }

        return [.. values];
    }

    /// <summary>The order of keys, value by value, and then of windows.</summary>
    public static int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var common = left.CommonPrefixLength(right);
        if (common == left.Length || common == right.Length)
            return left.Length.CompareTo(right.Length);
        // A value comes before one that only begins like it.
        return (left[common] == EndOfValue ? -1 : left[common]).CompareTo(right[common] == EndOfValue ? -1 : right[common]);
    }

    private static void Append(Span<byte> key, ref int length, ReadOnlySpan<byte> value)
    {
        value.CopyTo(key[length..]);
        length += value.Length;
        key[length++] = EndOfValue;
    }

    private static int WithWindow(Span<byte> key, int length, long windowEnd)
    {
        BinaryPrimitives.WriteInt64BigEndian(key[length..], windowEnd * TimeSpan.TicksPerMillisecond);
        return length + WindowBytes;
    }

    private sealed class BytesComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        // Random, so that nobody can choose keys that all fall on one place.
        private readonly long _seed = Random.Shared.NextInt64();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate) => (int)XxHash3.HashToUInt64(alternate, _seed);

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
