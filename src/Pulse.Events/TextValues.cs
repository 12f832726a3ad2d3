using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;

namespace Pulse.Events;

/// <summary>
/// Values that are texts, found by their UTF-8 bytes in an open-addressing table. Only texts that passed every check
/// are in it, so a text that is found needs no check: what is usual costs one hash and one comparison.
/// </summary>
internal sealed class TextValues : DimensionValues
{
    private const int InitialCapacity = 64;
    private const ulong Multiplier = 0x9E37_79B9_7F4A_7C15;

    // Random, so that nobody can choose texts that all fall on one place.
    private static readonly ulong Seed = (ulong)Random.Shared.NextInt64() ^ ((ulong)Random.Shared.NextInt64() << 1);

    private Entry[] _entries = new Entry[InitialCapacity];
    private byte[] _bytes = new byte[1024];
    private int _bytesUsed;

    /// <inheritdoc />
    public override BadRecordReason Identify(ReadOnlySpan<byte> payload, FieldSlot slot, out int valueId)
    {
        if (slot.Kind == FieldKind.Text)
        {
            return slot.IsEscaped
                ? IdentifyEscaped(slot.Of(payload), out valueId)
                : Identify(slot.Of(payload), out valueId);
        }

        valueId = -1;
        return slot.Kind == FieldKind.Absent ? BadRecordReason.MissingField : BadRecordReason.WrongType;
    }

    /// <inheritdoc />
    public override void Clear()
    {
        base.Clear();
        Array.Clear(_entries);
        _bytesUsed = 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private BadRecordReason IdentifyEscaped(ReadOnlySpan<byte> raw, out int valueId)
    {
        Span<byte> text = stackalloc byte[EventDecoder.MaximumTextBytes];
        var length = JsonText.Unescape(raw, text);
        if (length <= text.Length)
            return Identify(text[..length], out valueId);

        valueId = -1;
        return BadRecordReason.TextTooLong;
    }

    private BadRecordReason Identify(ReadOnlySpan<byte> text, out int valueId)
    {
        var hash = Hash(text);
        var mask = _entries.Length - 1;
        var place = (int)hash & mask;
        for (; _entries[place].IsUsed; place = (place + 1) & mask)
        {
            ref readonly var entry = ref _entries[place];
            if (entry.Hash == hash && text.SequenceEqual(_bytes.AsSpan(entry.Start, entry.Length)))
            {
                valueId = entry.ValueId;
                return BadRecordReason.None;
            }
        }

        var reason = Check(text);
        valueId = reason == BadRecordReason.None ? Add(text, hash, place) : -1;
        return reason;
    }

    private static BadRecordReason Check(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            return BadRecordReason.EmptyText;
        if (text.Length > EventDecoder.MaximumTextBytes)
            return BadRecordReason.TextTooLong;
        if (!Utf8.IsValid(text) || text.ContainsAnyInRange((byte)0x00, (byte)0x1F) || text.Contains((byte)0x7F))
            return BadRecordReason.InvalidText;
        return BadRecordReason.None;
    }

    private int Add(ReadOnlySpan<byte> text, uint hash, int place)
    {
        if (_bytesUsed + text.Length > _bytes.Length)
            Array.Resize(ref _bytes, _bytes.Length * 2);
        text.CopyTo(_bytes.AsSpan(_bytesUsed));

        var valueId = Add(Encoding.UTF8.GetString(text));
        _entries[place] = new Entry(hash, _bytesUsed, text.Length, valueId);
        _bytesUsed += text.Length;
        if (Count * 2 > _entries.Length)
            Grow();
        return valueId;
    }

    private void Grow()
    {
        var larger = new Entry[_entries.Length * 2];
        var mask = larger.Length - 1;
        foreach (var entry in _entries)
        {
            if (!entry.IsUsed)
                continue;
            var place = (int)entry.Hash & mask;
            while (larger[place].IsUsed)
                place = (place + 1) & mask;
            larger[place] = entry;
        }

        _entries = larger;
    }

    private static uint Hash(ReadOnlySpan<byte> text)
    {
        var hash = Seed ^ (ulong)text.Length;
        while (text.Length >= sizeof(ulong))
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(text));
            text = text[sizeof(ulong)..];
        }

        if (text.Length >= sizeof(uint))
        {
            var first = BinaryPrimitives.ReadUInt32LittleEndian(text);
            var last = BinaryPrimitives.ReadUInt32LittleEndian(text[^sizeof(uint)..]);
            hash ^= first | ((ulong)last << 32);
        }
        else if (!text.IsEmpty)
        {
            hash ^= text[0] | ((ulong)text[text.Length / 2] << 8) | ((ulong)text[^1] << 16);
        }

        return (uint)Mix(hash);
    }

    private static ulong Mix(ulong value)
    {
        var high = Math.BigMul(value, Multiplier, out var low);
        return high ^ low;
    }

    // A text is never empty, so a length of zero marks a free place.
    private readonly record struct Entry(uint Hash, int Start, int Length, int ValueId)
    {
        public bool IsUsed => Length > 0;
    }
}
