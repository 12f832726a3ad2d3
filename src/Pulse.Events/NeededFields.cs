using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace Pulse.Events;

/// <summary>
/// The fields that a decoder looks for, each with a slot number counting up from 0, found by their JSON names.
/// </summary>
internal sealed class NeededFields
{
    private const int None = -1;

    private const int LongestName = 2 * sizeof(ulong);

    private readonly EventField[] _fields;

    // Chained by the length of their names: most names that are not needed are told by their length alone.
    private readonly Name[] _names;
    private readonly int[] _firstOfLength = new int[LongestName + 1];

    /// <summary>Makes the set.</summary>
    /// <param name="fields">The fields, without repetition; their order is that of the slots.</param>
    public NeededFields(IEnumerable<EventField> fields)
    {
        _fields = [.. fields];
        _names = new Name[_fields.Length];
        Array.Fill(_firstOfLength, None);
        for (var slot = 0; slot < _fields.Length; slot++)
        {
            var name = Encoding.UTF8.GetBytes(_fields[slot].ToString());
            var (head, tail) = Halves(name);
            _names[slot] = new Name(head, tail, _firstOfLength[name.Length]);
            _firstOfLength[name.Length] = slot;
        }
    }

    /// <summary>The number of slots.</summary>
    public int Count => _fields.Length;

    /// <summary>The slot of a field that is in the set.</summary>
    public int SlotOf(EventField field) => Array.IndexOf(_fields, field);

    /// <summary>The slot of the field with exactly this name in UTF-8, escapes resolved; -1 if it is not needed.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        if (name.Length > LongestName || _firstOfLength[name.Length] == None)
            return None;

        var (head, tail) = Halves(name);
        return Find(_firstOfLength[name.Length], head, tail);
    }

    /// <summary>The same for a name within a record, where reading beyond the name does no harm and is quicker.</summary>
    /// <param name="payload">The record.</param>
    /// <param name="start">Index of the name's first byte.</param>
    /// <param name="length">The name's length in bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(ReadOnlySpan<byte> payload, int start, int length)
    {
        if (length > LongestName)
            return None;
        var first = _firstOfLength[length];
        if (first == None)
            return None;
        if (length < sizeof(ulong) || start > payload.Length - LongestName)
            return Find(payload.Slice(start, length));

        var head = BinaryPrimitives.ReadUInt64LittleEndian(payload[start..]);
        var tail = BinaryPrimitives.ReadUInt64LittleEndian(payload[(start + length - sizeof(ulong))..]);
        return Find(first, head, tail);
    }

    private int Find(int first, ulong head, ulong tail)
    {
        for (var slot = first; slot != None; slot = _names[slot].Next)
        {
            if (_names[slot].Head == head && _names[slot].Tail == tail)
                return slot;
        }

        return None;
    }

    // The first and the last eight bytes, overlapping where the name is shorter than sixteen: with the length, they
    // are the whole name.
    private static (ulong Head, ulong Tail) Halves(ReadOnlySpan<byte> name)
    {
        if (name.Length >= sizeof(ulong))
        {
            return (BinaryPrimitives.ReadUInt64LittleEndian(name),
                BinaryPrimitives.ReadUInt64LittleEndian(name[^sizeof(ulong)..]));
        }

        var head = 0UL;
        for (var index = name.Length - 1; index >= 0; index--)
            head = (head << 8) | name[index];
        return (head, 0);
    }

    private readonly record struct Name(ulong Head, ulong Tail, int Next);
}
