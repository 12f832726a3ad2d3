using System.Globalization;
using System.Text;

namespace Pulse.Events;

/// <summary>The text inside JSON strings.</summary>
internal static class JsonText
{
    /// <summary>
    /// Resolves the escapes of a JSON string that a JSON reader has found well-formed. The half of a surrogate pair
    /// that stands alone becomes three bytes that are no valid UTF-8, so that it fails the same check as any other
    /// invalid text.
    /// </summary>
    /// <param name="raw">The bytes between the quotes.</param>
    /// <param name="destination">Receives the text as far as it fits.</param>
    /// <returns>The length of the whole text in bytes, which may be more than fits.</returns>
    public static int Unescape(ReadOnlySpan<byte> raw, Span<byte> destination)
    {
        Span<byte> encoded = stackalloc byte[4];
        var length = 0;
        while (!raw.IsEmpty)
        {
            var literal = raw.IndexOf((byte)'\\');
            if (literal < 0)
                literal = raw.Length;
            Append(raw[..literal], destination, ref length);
            raw = raw[literal..];
            if (raw.IsEmpty)
                break;

            var consumed = ReadEscape(raw, encoded, out var encodedLength);
            Append(encoded[..encodedLength], destination, ref length);
            raw = raw[consumed..];
        }

        return length;
    }

    private static void Append(ReadOnlySpan<byte> bytes, Span<byte> destination, ref int length)
    {
        if (length < destination.Length)
        {
            var room = destination[length..];
            bytes[..Math.Min(bytes.Length, room.Length)].CopyTo(room);
        }

        length += bytes.Length;
    }

    private static int ReadEscape(ReadOnlySpan<byte> raw, Span<byte> encoded, out int encodedLength)
    {
        encodedLength = 1;
        switch (raw[1])
        {
            case (byte)'b': encoded[0] = (byte)'\b'; return 2;
            case (byte)'f': encoded[0] = (byte)'\f'; return 2;
            case (byte)'n': encoded[0] = (byte)'\n'; return 2;
            case (byte)'r': encoded[0] = (byte)'\r'; return 2;
            case (byte)'t': encoded[0] = (byte)'\t'; return 2;
            case (byte)'u': return ReadUnicodeEscape(raw, encoded, out encodedLength);
            default: encoded[0] = raw[1]; return 2;
        }
    }

    private static int ReadUnicodeEscape(ReadOnlySpan<byte> raw, Span<byte> encoded, out int encodedLength)
    {
        var unit = CodeUnit(raw);
        if (Rune.TryCreate(unit, out var rune))
        {
            encodedLength = rune.EncodeToUtf8(encoded);
            return 6;
        }

        if (raw.Length >= 12 && raw[6] == '\\' && raw[7] == 'u' && Rune.TryCreate(unit, CodeUnit(raw[6..]), out rune))
        {
            encodedLength = rune.EncodeToUtf8(encoded);
            return 12;
        }

        encoded[0] = (byte)(0xE0 | (unit >> 12));
        encoded[1] = (byte)(0x80 | ((unit >> 6) & 0x3F));
        encoded[2] = (byte)(0x80 | (unit & 0x3F));
        encodedLength = 3;
        return 6;
    }

    private static char CodeUnit(ReadOnlySpan<byte> escape) =>
        (char)ushort.Parse(escape.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
