using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Pulse.Events;

/// <summary>
/// Finds the needed fields of the usual record quickly: a flat object without escapes, without control characters
/// (so on one line) and of moderate length. It accepts nothing that <see cref="StrictEventReader"/> would not accept,
/// and finds the same there; whatever else comes, right or wrong, it leaves to that reader.
/// </summary>
/// <remarks>
/// First a bitmap of all quotes is made, 64 bytes at a time. Without escapes, quotes open and close in turn, so the walk
/// over the object jumps from quote to quote and looks at single bytes only between strings.
/// </remarks>
internal static class FlatEventScanner
{
    /// <summary>The longest record that is scanned, in bytes; longer ones are left to the reader.</summary>
    public const int MaximumLength = 8192;

    private const int BlockLength = 64;

    /// <summary>Scans a whole record.</summary>
    /// <param name="payload">The record's value.</param>
    /// <param name="fields">The fields to look for.</param>
    /// <param name="slots">Receives where they are, one place per field; must be cleared.</param>
    /// <returns>Whether the record is a flat JSON object; if not, the slots mean nothing.</returns>
    [SkipLocalsInit]
    public static bool TryLocate(ReadOnlySpan<byte> payload, NeededFields fields, Span<FieldSlot> slots)
    {
        if (payload.IsEmpty || payload.Length > MaximumLength)
            return false;

        Span<ulong> quotes = stackalloc ulong[MaximumLength / BlockLength];
        quotes = quotes[..((payload.Length + BlockLength - 1) / BlockLength)];
        return TryMapQuotes(payload, quotes) && TryWalk(payload, quotes, fields, slots);
    }

    private static bool TryMapQuotes(ReadOnlySpan<byte> payload, Span<ulong> quotes)
    {
        var whole = payload.Length / BlockLength;
        var unusual = Vector256<byte>.Zero;
        for (var block = 0; block < whole; block++)
            quotes[block] = MapBlock(ref Unsafe.AsRef(in payload[block * BlockLength]), ref unusual);

        if (whole < quotes.Length)
        {
            Span<byte> last = stackalloc byte[BlockLength];
            last.Fill((byte)' ');
            payload[(whole * BlockLength)..].CopyTo(last);
            quotes[whole] = MapBlock(ref MemoryMarshal.GetReference(last), ref unusual);
        }

        return unusual == Vector256<byte>.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong MapBlock(ref byte start, ref Vector256<byte> unusual)
    {
        var low = Vector256.LoadUnsafe(ref start);
        var high = Vector256.LoadUnsafe(ref start, (nuint)Vector256<byte>.Count);
        unusual |= Unusual(low) | Unusual(high);
        var quote = Vector256.Create((byte)'"');
        return Vector256.Equals(low, quote).ExtractMostSignificantBits()
            | ((ulong)Vector256.Equals(high, quote).ExtractMostSignificantBits() << Vector256<byte>.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Unusual(Vector256<byte> bytes) =>
        Vector256.Equals(bytes, Vector256.Create((byte)'\\'))
        | Vector256.LessThan(bytes, Vector256.Create((byte)' '));

    private static bool TryWalk(
        ReadOnlySpan<byte> payload, ReadOnlySpan<ulong> quoteMap, NeededFields fields, Span<FieldSlot> slots)
    {
        // What moves is in locals, not in fields, so that it stays in registers: it halves the time.
        var quotes = new QuoteCursor(quoteMap);
        var at = SkipSpaces(payload, 0);
        if (ByteAt(payload, at) != '{')
            return false;

        while (true)
        {
            at = SkipSpaces(payload, at + 1);
            if (ByteAt(payload, at) != '"' || !quotes.TryTakePair(out var nameOpen, out var nameClose))
                return false;

            var slot = fields.Find(payload, nameOpen + 1, nameClose - nameOpen - 1);
            at = SkipSpaces(payload, nameClose + 1);
            if (ByteAt(payload, at) != ':')
                return false;

            at = SkipSpaces(payload, at + 1);
            FieldSlot value;
            if (ByteAt(payload, at) == '"')
            {
                // All quotes before this one have been taken, so it is the next in the bitmap.
                if (!quotes.TryTakePair(out var open, out var close))
                    return false;
                value = new FieldSlot(FieldKind.Text, false, open + 1, close - open - 1);
                at = close + 1;
            }
            else if (!TryTakeNumberOrWord(payload, ref at, out value))
            {
                return false;
            }

            if (slot >= 0)
                slots[slot] = value;

            at = SkipSpaces(payload, at);
            var next = ByteAt(payload, at);
            if (next == ',')
                continue;
            return next == '}' && SkipSpaces(payload, at + 1) == payload.Length;
        }
    }

    private static bool TryTakeNumberOrWord(ReadOnlySpan<byte> payload, ref int at, out FieldSlot value)
    {
        var rest = payload[at..];
        value = FieldSlot.Other;
        int length;
        switch (ByteAt(payload, at))
        {
            case (byte)'t': length = rest.StartsWith("true"u8) ? 4 : 0; break;
            case (byte)'f': length = rest.StartsWith("false"u8) ? 5 : 0; break;
            case (byte)'n':
                length = rest.StartsWith("null"u8) ? 4 : 0;
                value = FieldSlot.Null;
                break;
            default:
                length = NumberLength(rest);
                value = new FieldSlot(FieldKind.Number, false, at, length);
                break;
        }

        at += length;
        return length > 0;
    }

    /// <summary>The length of the JSON number at the start; 0 if there is none.</summary>
    private static int NumberLength(ReadOnlySpan<byte> text)
    {
        var at = ByteAt(text, 0) == '-' ? 1 : 0;
        var digits = DigitsLength(text, at);
        if (digits == 0 || (digits > 1 && text[at] == '0'))
            return 0;

        at += digits;
        if (ByteAt(text, at) == '.')
        {
            digits = DigitsLength(text, at + 1);
            if (digits == 0)
                return 0;
            at += 1 + digits;
        }

        if (ByteAt(text, at) is (byte)'e' or (byte)'E')
        {
            at += ByteAt(text, at + 1) is (byte)'+' or (byte)'-' ? 2 : 1;
            digits = DigitsLength(text, at);
            if (digits == 0)
                return 0;
            at += digits;
        }

        return at;
    }

    private static int DigitsLength(ReadOnlySpan<byte> text, int start)
    {
        var at = start;
        while (char.IsAsciiDigit((char)ByteAt(text, at)))
            at++;
        return at - start;
    }

    // Zero at the end: no valid continuation anywhere, so every check of what comes next covers the end as well.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte ByteAt(ReadOnlySpan<byte> payload, int at) =>
        (uint)at < (uint)payload.Length ? payload[at] : (byte)0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int SkipSpaces(ReadOnlySpan<byte> payload, int at)
    {
        while (ByteAt(payload, at) == ' ')
            at++;
        return at;
    }

    /// <summary>Goes over the quotes of a bitmap in order.</summary>
    private ref struct QuoteCursor(ReadOnlySpan<ulong> map)
    {
        private readonly ReadOnlySpan<ulong> _map = map;
        private int _block;
        private ulong _left = map[0];

        /// <summary>Takes the next two quotes; false if there are none.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool TryTakePair(out int open, out int close)
        {
            open = Next();
            close = Next();
            return close >= 0;
        }

        /// <summary>The index of the next quote, or -1 after the last.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private int Next()
        {
            while (_left == 0)
            {
                if (_block + 1 >= _map.Length)
                    return -1;
                _left = _map[++_block];
            }

            var index = (_block * BlockLength) + BitOperations.TrailingZeroCount(_left);
            _left &= _left - 1;
            return index;
        }
    }
}
