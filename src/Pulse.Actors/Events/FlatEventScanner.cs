using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Pulse.Actors.Events;

/// <summary>
/// Finds the needed fields of the usual record quickly: a flat object without escapes, without control characters
/// (so on one line) and of moderate length. It accepts nothing that <see cref="StrictEventReader"/> would not accept,
/// and finds the same there; whatever else comes, right or wrong, it leaves to that reader.
/// </summary>
/// <remarks>
/// First a bitmap of all quotes is made, 64 bytes at a time. Without escapes, quotes open and close in turn, so the walk
/// over the object jumps from quote to quote and looks at single bytes only between strings.
/// </remarks>
internal ref struct FlatEventScanner
{
    /// <summary>The longest record that is scanned, in bytes; longer ones are left to the reader.</summary>
    public const int MaximumLength = 8192;

    private const int BlockLength = 64;

    private readonly ReadOnlySpan<byte> _payload;
    private readonly ReadOnlySpan<ulong> _quotes;
    private int _at;
    private int _block;
    private ulong _quotesLeft;

    private FlatEventScanner(ReadOnlySpan<byte> payload, ReadOnlySpan<ulong> quotes)
    {
        _payload = payload;
        _quotes = quotes;
        _quotesLeft = quotes[0];
    }

    private readonly byte Current
    {
        // Zero at the end: no valid continuation anywhere, so every check of what comes next covers the end as well.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (uint)_at < (uint)_payload.Length ? _payload[_at] : (byte)0;
    }

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
        return TryMapQuotes(payload, quotes) && new FlatEventScanner(payload, quotes).TryWalk(fields, slots);
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

    private bool TryWalk(NeededFields fields, Span<FieldSlot> slots)
    {
        SkipSpaces();
        if (!TryTake('{'))
            return false;

        do
        {
            SkipSpaces();
            if (Current != '"' || !TryTakeString(out var nameStart, out var nameLength))
                return false;

            var slot = fields.Find(_payload.Slice(nameStart, nameLength));
            SkipSpaces();
            if (!TryTake(':'))
                return false;

            SkipSpaces();
            if (!TryTakeValue(out var value))
                return false;

            if (slot >= 0)
                slots[slot] = value;
            SkipSpaces();
        }
        while (TryTake(','));

        if (!TryTake('}'))
            return false;

        SkipSpaces();
        return _at == _payload.Length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryTakeValue(out FieldSlot value)
    {
        if (Current == '"')
        {
            var isClosed = TryTakeString(out var start, out var length);
            value = new FieldSlot(FieldKind.Text, false, start, length);
            return isClosed;
        }

        return TryTakeNumberOrWord(out value);
    }

    // Called on a quote, and all quotes before it have been taken: so it is the next one in the bitmap.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryTakeString(out int start, out int length)
    {
        start = NextQuote() + 1;
        var end = NextQuote();
        length = end - start;
        _at = end + 1;
        return length >= 0;
    }

    /// <summary>The index of the next quote, or -1 after the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int NextQuote()
    {
        while (_quotesLeft == 0)
        {
            if (_block + 1 >= _quotes.Length)
                return -1;
            _quotesLeft = _quotes[++_block];
        }

        var index = (_block * BlockLength) + BitOperations.TrailingZeroCount(_quotesLeft);
        _quotesLeft &= _quotesLeft - 1;
        return index;
    }

    private bool TryTakeNumberOrWord(out FieldSlot value)
    {
        var start = _at;
        value = FieldSlot.Other;
        switch (Current)
        {
            case (byte)'t': return TryTakeWord("true"u8);
            case (byte)'f': return TryTakeWord("false"u8);
            case (byte)'n': return TryTakeWord("null"u8);
        }

        var isNumber = TryTakeNumber();
        value = new FieldSlot(FieldKind.Number, false, start, _at - start);
        return isNumber;
    }

    private bool TryTakeWord(ReadOnlySpan<byte> word)
    {
        if (!_payload[_at..].StartsWith(word))
            return false;
        _at += word.Length;
        return true;
    }

    private bool TryTakeNumber()
    {
        TryTake('-');
        if (!TryTake('0') && !TryTakeDigits())
            return false;
        if (TryTake('.') && !TryTakeDigits())
            return false;
        if (!TryTake('e') && !TryTake('E'))
            return true;
        if (!TryTake('+'))
            TryTake('-');
        return TryTakeDigits();
    }

    private bool TryTakeDigits()
    {
        var start = _at;
        while (char.IsAsciiDigit((char)Current))
            _at++;
        return _at > start;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryTake(char expected)
    {
        if (Current != expected)
            return false;
        _at++;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void SkipSpaces()
    {
        while (Current == ' ')
            _at++;
    }
}
