using System.Buffers;
using System.IO.Hashing;
using System.Text;

namespace Pulse.Counting;

/// <summary>
/// The hash of a key: XXH64 with seed 0 over its values in UTF-8, each followed by the byte FF, which no UTF-8 has. It is
/// the same in every process and version, for it says which bucket owns the key. Source: the specification of xxHash,
/// https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md.
/// </summary>
public static class KeyHash
{
    private const byte EndOfValue = 0xFF;
    private const int UsualBytes = 512;

    /// <summary>The hash of a key. Text that is no valid Unicode hashes as U+FFFD, as it would be stored.</summary>
    public static ulong Of(RollupKey key)
    {
        var size = 0;
        foreach (var value in key.Values)
            size += Encoding.UTF8.GetMaxByteCount(value.Length) + 1;

        var rented = size > UsualBytes ? ArrayPool<byte>.Shared.Rent(size) : null;
        var bytes = rented ?? stackalloc byte[UsualBytes];
        var length = 0;
        foreach (var value in key.Values)
        {
            length += Encoding.UTF8.GetBytes(value, bytes[length..]);
            bytes[length++] = EndOfValue;
        }

        var hash = XxHash64.HashToUInt64(bytes[..length]);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return hash;
    }
}
