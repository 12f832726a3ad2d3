using System.Globalization;
using System.Text;

namespace Pulse.Testing.Fuzzing;

/// <summary>Makes inputs of others, in ways in which readers go wrong. What comes follows from the seed and the inputs alone.</summary>
/// <param name="seed">Whatever it is: the same one makes the same inputs.</param>
/// <param name="words">What the readers know, such as the names of fields: chance alone would hardly find them.</param>
internal sealed class Mutation(int seed, IReadOnlyList<byte[]> words)
{
    /// <summary>The longest input, in bytes: more than readers take at once.</summary>
    public const int MaximumBytes = 20_000;

    private const int MostRepetitions = 2_000;

    private static readonly byte[] Bytes = [.. "\0\t\n\r \"'\\/{}[]:,=&%+-.;#<>09aZ_~\x7f"u8, 0x80, 0xBF, 0xC0, 0xC3, 0xE2, 0xED, 0xEF, 0xF0, 0xF4, 0xFF];

    private static readonly string[] Numbers =
    [
        "0", "-0", "00", "1", "-1", "9", "10", "59", "60", "127", "128", "150", "151", "255", "256", "1000", "9999", "10000", "32768", "65535",
        "65536", "2147483647", "2147483648", "-2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775809",
        "253402300799000", "221876928000000", "1e5", "1E400", "0.1", "0x10", "99999999999999999999999999999999999999999", "NaN", "Infinity",
    ];

    private static readonly string[] Pairs = ["{}", "[]", "\"\"", "()"];

    private static readonly byte[] Separators = [.. ",&\n;/ :=?"u8];

    private readonly Random _random = new(seed);

    /// <summary>Makes an input of some that there are.</summary>
    public byte[] Of(IReadOnlyList<byte[]> inputs)
    {
        var input = new List<byte>(Any(inputs));
        do
        {
            Change(input, inputs);
            if (input.Count > MaximumBytes)
                input.RemoveRange(MaximumBytes, input.Count - MaximumBytes);
        }
        while (_random.Next(5) < 2);
        return [.. input];
    }

    private void Change(List<byte> input, IReadOnlyList<byte[]> inputs)
    {
        var at = _random.Next(input.Count + 1);
        switch (_random.Next(15))
        {
            case 0 when at < input.Count:
                input[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1 when at < input.Count:
                input[at] = Byte();
                break;
            case 2:
                input.Insert(at, Byte());
                break;
            case 3:
                input.RemoveRange(at, Length(input.Count - at));
                break;
            case 4:
                Repeat(input, at);
                break;
            case 5:
                // A beginning of this one and an end of another.
                input.RemoveRange(at, input.Count - at);
                input.AddRange(Piece(Any(inputs), toEnd: true));
                break;
            case 6:
                input.InsertRange(at, Piece(Any(inputs), toEnd: false));
                break;
            case 7:
                input.InsertRange(at, Word());
                break;
            case 8:
                Replace(input, Token(input, at), Word());
                break;
            case 9:
                var other = Any(inputs);
                Replace(input, Token(input, at), [.. other[Token(other, _random.Next(other.Length + 1))]]);
                break;
            case 10:
                Replace(input, Digits(input, at), Number(input[Digits(input, at)]));
                break;
            case 11 when _random.Next(4) == 0:
                input.RemoveRange(at, input.Count - at);
                break;
            case 12:
                MoveSegment(input, at);
                break;
            case 13 when at < input.Count:
                Escape(input, at);
                break;
            case 14:
                Nest(input, Token(input, at));
                break;
        }
    }

    private byte Byte() => _random.Next(3) == 0 ? (byte)_random.Next(256) : Bytes[_random.Next(Bytes.Length)];

    private byte[] Any(IReadOnlyList<byte[]> inputs) => inputs[_random.Next(inputs.Count)];

    private byte[] Word() => words[_random.Next(words.Count)];

    // Mostly little.
    private int Length(int most) => Math.Min(most, _random.Next(4) == 0 ? _random.Next(most + 1) : _random.Next(1, 9));

    private byte[] Piece(byte[] input, bool toEnd)
    {
        var start = _random.Next(input.Length + 1);
        return input[start..(toEnd ? input.Length : start + Length(input.Length - start))];
    }

    private void Repeat(List<byte> input, int at)
    {
        var piece = input.GetRange(at, Length(input.Count - at));
        var times = _random.Next(8) == 0 ? _random.Next(MostRepetitions) : _random.Next(1, 4);
        for (var time = 0; time < times && input.Count + piece.Count <= MaximumBytes; time++)
            input.InsertRange(at, piece);
    }

    private static void Replace(List<byte> input, Range range, byte[] with)
    {
        var (start, length) = range.GetOffsetAndLength(input.Count);
        input.RemoveRange(start, length);
        input.InsertRange(start, with);
    }

    // A text in quotes, or a word.
    private static Range Token(IReadOnlyList<byte> input, int at)
    {
        var (start, end) = (at, at);
        if (at < input.Count && input[at] == '"')
        {
            for (end++; end < input.Count && input[end] != '"'; end++)
                end += input[end] == '\\' ? 1 : 0;
            return start..Math.Min(end + 1, input.Count);
        }

        while (start > 0 && IsOfWord(input[start - 1]))
            start--;
        while (end < input.Count && IsOfWord(input[end]))
            end++;
        return start..end;
    }

    private static bool IsOfWord(byte each) => each >= 0x80 || char.IsAsciiLetterOrDigit((char)each) || each is (byte)'_' or (byte)'-' or (byte)'.';

    private static Range Digits(List<byte> input, int at)
    {
        var start = input.FindIndex(at, each => char.IsAsciiDigit((char)each));
        if (start < 0)
            return at..at;
        var end = start;
        while (end < input.Count && char.IsAsciiDigit((char)input[end]))
            end++;
        return start..end;
    }

    // One more or less than there was, or where numbers end.
    private byte[] Number(IReadOnlyList<byte> digits)
    {
        var text = Encoding.Latin1.GetString([.. digits]);
        return Encoding.Latin1.GetBytes(_random.Next(3) > 0 && long.TryParse(text, CultureInfo.InvariantCulture, out var number) && number < long.MaxValue
            ? (number + (_random.Next(2) * 2) - 1).ToString($"D{text.Length}", CultureInfo.InvariantCulture)
            : Numbers[_random.Next(Numbers.Length)]);
    }

    // A member, a parameter or a line: once more somewhere else, or away.
    private void MoveSegment(List<byte> input, int at)
    {
        var separator = Separators[_random.Next(Separators.Length)];
        var start = at == 0 ? 0 : input.LastIndexOf(separator, at - 1) + 1;
        var end = input.IndexOf(separator, at) is >= 0 and var found ? found + 1 : input.Count;
        var segment = input.GetRange(start, end - start);
        if (_random.Next(3) == 0)
            input.RemoveRange(start, end - start);
        else
            input.InsertRange(_random.Next(2) == 0 ? start : input.IndexOf(separator) + 1, segment);
    }

    private void Escape(List<byte> input, int at)
    {
        var escaped = _random.Next(4) switch
        {
            0 => $"%{input[at]:X2}",
            1 => $"\\u{_random.Next(0x10000):x4}",
            2 => $"\\{(char)input[at]}",
            _ => $"\\u{(int)input[at]:X4}",
        };
        Replace(input, at..(at + 1), Encoding.Latin1.GetBytes(escaped));
    }

    private void Nest(List<byte> input, Range range)
    {
        var (start, length) = range.GetOffsetAndLength(input.Count);
        var pair = Pairs[_random.Next(Pairs.Length)];
        var depth = _random.Next(4) == 0 ? _random.Next(1, 140) : 1;
        input.InsertRange(start + length, Enumerable.Repeat((byte)pair[1], depth));
        input.InsertRange(start, Enumerable.Repeat((byte)pair[0], depth));
    }
}
