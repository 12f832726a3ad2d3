using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Pulse.Benchmarks.Dashboards;

/// <summary>
/// One message of SignalR's MessagePack protocol, as far as a circuit needs it: the target of an invocation, its first
/// argument if that is a number, and the first string and the first bytes among the others.
/// </summary>
/// <param name="Target">The method; null for messages that invoke nothing.</param>
/// <param name="Number">The first argument.</param>
/// <param name="Identifier">The first string.</param>
/// <param name="Bytes">The first bytes, in what was read.</param>
internal readonly record struct HubFrame(string? Target, long Number, string? Identifier, ReadOnlyMemory<byte> Bytes)
{
    private const int Invocation = 1;
    private const int Close = 7;

    /// <summary>Reads a frame if all of it is there.</summary>
    /// <param name="received">What has arrived.</param>
    /// <param name="length">The frame's length with its prefix.</param>
    /// <param name="frame">The frame.</param>
    public static bool TryRead(ReadOnlyMemory<byte> received, out int length, out HubFrame frame)
    {
        var data = received.Span;
        (length, frame) = (0, default);
        // The answer to the handshake is text that ends with a record separator.
        if (data is [(byte)'{', ..])
        {
            length = data.IndexOf((byte)0x1e) + 1;
            return length > 0;
        }

        var size = 0;
        var prefix = 0;
        do
        {
            if (prefix == data.Length)
                return false;
            size |= (data[prefix] & 0x7f) << (7 * prefix);
        }
        while ((data[prefix++] & 0x80) != 0);
        if (data.Length < prefix + size)
            return false;
        length = prefix + size;
        frame = Parse(received.Slice(prefix, size));
        return true;
    }

    /// <summary>Writes an invocation with its length before it.</summary>
    public static void Write(ArrayBufferWriter<byte> output, string? invocation, string target, object?[] arguments)
    {
        var body = new ArrayBufferWriter<byte>(256);
        Add(body, 0x96, Invocation, 0x80);
        Write(body, invocation);
        Write(body, target);
        Add(body, (byte)(0x90 | arguments.Length));
        foreach (var argument in arguments)
            Write(body, argument);
        Add(body, 0x90);

        var size = body.WrittenCount;
        for (; size >= 0x80; size >>= 7)
            Add(output, (byte)(size | 0x80));
        Add(output, (byte)size);
        output.Write(body.WrittenSpan);
    }

    private static HubFrame Parse(ReadOnlyMemory<byte> message)
    {
        var reader = new Reader(message.Span);
        reader.Count();
        var kind = reader.Number();
        if (kind == Close)
            return new HubFrame("JS.Error", 0, "the node ended the connection", default);
        if (kind != Invocation)
            return default;
        reader.Skip();
        reader.Skip();
        var target = reader.Text();
        var count = reader.Count();
        long number = 0;
        string? text = null;
        var bytes = 0..0;
        for (var index = 0; index < count; index++)
        {
            if (index == 0 && reader.IsNumber)
                number = reader.Number();
            else if (reader.IsText && text is null)
                text = reader.Text();
            else if (reader.IsBytes && bytes.Equals(0..0))
                bytes = reader.Bytes();
            else
                reader.Skip();
        }

        return new HubFrame(target, number, text, message[bytes]);
    }

    private static void Write(ArrayBufferWriter<byte> output, object? value)
    {
        switch (value)
        {
            case null:
                Add(output, 0xc0);
                break;
            case bool flag:
                Add(output, flag ? (byte)0xc3 : (byte)0xc2);
                break;
            case long number:
                Add(output, 0xd3);
                BinaryPrimitives.WriteInt64BigEndian(output.GetSpan(8), number);
                output.Advance(8);
                break;
            case string text:
                var bytes = Encoding.UTF8.GetBytes(text);
                Add(output, 0xdb);
                BinaryPrimitives.WriteInt32BigEndian(output.GetSpan(4), bytes.Length);
                output.Advance(4);
                output.Write(bytes);
                break;
            default:
                throw new ArgumentException($"{value.GetType()} can't be sent.", nameof(value));
        }
    }

    private static void Add(ArrayBufferWriter<byte> output, params ReadOnlySpan<byte> bytes) => output.Write(bytes);

    private ref struct Reader(ReadOnlySpan<byte> data)
    {
        private readonly int _length = data.Length;
        private ReadOnlySpan<byte> _rest = data;

        public readonly bool IsText => _rest[0] is (>= 0xa0 and <= 0xbf) or 0xd9 or 0xda or 0xdb;

        public readonly bool IsBytes => _rest[0] is 0xc4 or 0xc5 or 0xc6;

        public readonly bool IsNumber => _rest[0] is <= 0x7f or (>= 0xcc and <= 0xd3) or >= 0xe0;

        public int Count() => Take() switch
        {
            var code and >= 0x90 and <= 0x9f => code & 0x0f,
            0xdc => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            var code => throw new InvalidDataException($"{code:x2} is no list."),
        };

        public long Number() => Take() switch
        {
            var code and <= 0x7f => code,
            var code and >= 0xe0 => (sbyte)code,
            0xcc => Take(),
            0xcd => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            0xce => BinaryPrimitives.ReadUInt32BigEndian(Take(4)),
            0xcf or 0xd3 => BinaryPrimitives.ReadInt64BigEndian(Take(8)),
            0xd0 => (sbyte)Take(),
            0xd1 => BinaryPrimitives.ReadInt16BigEndian(Take(2)),
            0xd2 => BinaryPrimitives.ReadInt32BigEndian(Take(4)),
            var code => throw new InvalidDataException($"{code:x2} is no number."),
        };

        public string Text() => Encoding.UTF8.GetString(Take(TextLength()));

        /// <returns>Where they are in the message.</returns>
        public Range Bytes()
        {
            var count = BytesLength();
            var start = _length - _rest.Length;
            Take(count);
            return start..(start + count);
        }

        public void Skip()
        {
            var code = _rest[0];
            if (IsText)
                Take(TextLength());
            else if (IsNumber)
                Number();
            else if (code is 0xc0 or 0xc2 or 0xc3)
                Take();
            else if (code == 0x80)
                Take();
            else if (IsBytes)
                Bytes();
            else
                throw new InvalidDataException($"{code:x2} is not expected here.");
        }

        private int TextLength() => Take() switch
        {
            var code and >= 0xa0 and <= 0xbf => code & 0x1f,
            0xd9 => Take(),
            0xda => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            _ => BinaryPrimitives.ReadInt32BigEndian(Take(4)),
        };

        private int BytesLength() => Take() switch
        {
            0xc4 => Take(),
            0xc5 => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            _ => BinaryPrimitives.ReadInt32BigEndian(Take(4)),
        };

        private byte Take() => Take(1)[0];

        private ReadOnlySpan<byte> Take(int count)
        {
            var taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }
    }
}
