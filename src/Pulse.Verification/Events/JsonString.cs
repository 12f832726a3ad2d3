using System.Globalization;
using System.Text;

namespace Pulse.Verification.Events;

/// <summary>The text of a JSON string with escapes, which a JSON reader has found to be well-formed.</summary>
internal static class JsonString
{
    /// <summary>
    /// Resolves the escapes. The half of a surrogate pair that stands alone becomes three bytes that are no valid UTF-8: so it
    /// has a length, and is refused as any other text that is no Unicode.
    /// </summary>
    /// <param name="raw">The bytes between the quotes.</param>
    /// <param name="text">Receives the text.</param>
    /// <returns>The text's length in bytes; more than there is room for where it does not fit.</returns>
    public static int Unescape(ReadOnlySpan<byte> raw, Span<byte> text)
    {
        var length = 0;
        Span<byte> character = stackalloc byte[4];
        while (!raw.IsEmpty && length <= text.Length)
        {
            var size = 1;
            var taken = 1;
            character[0] = raw[0];
            if (raw[0] == '\\')
                (taken, size) = raw[1] == 'u' ? Unicode(raw, character) : (2, Simple(raw[1], character));
            if (length + size > text.Length)
                return text.Length + 1;
            character[..size].CopyTo(text[length..]);
            length += size;
            raw = raw[taken..];
        }

        return length;
    }

    private static int Simple(byte escaped, Span<byte> character)
    {
        character[0] = escaped switch
        {
            (byte)'b' => (byte)'\b',
            (byte)'f' => (byte)'\f',
            (byte)'n' => (byte)'\n',
            (byte)'r' => (byte)'\r',
            (byte)'t' => (byte)'\t',
            _ => escaped,
        };
        return 1;
    }

    private static (int Taken, int Size) Unicode(ReadOnlySpan<byte> raw, Span<byte> character)
    {
        var unit = Unit(raw);
        if (!char.IsSurrogate(unit))
            return (6, new Rune(unit).EncodeToUtf8(character));
        if (char.IsHighSurrogate(unit) && raw.Length >= 12 && raw[6] == '\\' && raw[7] == 'u' && char.IsLowSurrogate(Unit(raw[6..])))
            return (12, new Rune(unit, Unit(raw[6..])).EncodeToUtf8(character));
        character[0] = (byte)(0xE0 | (unit >> 12));
        character[1] = (byte)(0x80 | ((unit >> 6) & 0x3F));
        character[2] = (byte)(0x80 | (unit & 0x3F));
        return (6, 3);
    }

    private static char Unit(ReadOnlySpan<byte> escape) =>
        (char)ushort.Parse(escape.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
