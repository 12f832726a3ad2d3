using System.Text;

namespace Pulse.Actors.Events;

/// <summary>
/// The fields that a decoder looks for, each with a slot number counting up from 0, found by their JSON names.
/// </summary>
internal sealed class NeededFields
{
    private const int None = -1;

    private readonly EventField[] _fields;
    private readonly byte[][] _names;

    // Slots chained by the length of their names: most names of an event that is not needed are told by length alone.
    private readonly int[] _firstOfLength;
    private readonly int[] _nextOfLength;

    /// <summary>Makes the set.</summary>
    /// <param name="fields">The fields, without repetition; their order is that of the slots.</param>
    public NeededFields(IEnumerable<EventField> fields)
    {
        _fields = [.. fields];
        _names = [.. _fields.Select(field => Encoding.UTF8.GetBytes(field.ToString()))];
        LongestName = _names.Max(name => name.Length);
        _firstOfLength = new int[LongestName + 1];
        _nextOfLength = new int[_fields.Length];
        Array.Fill(_firstOfLength, None);
        for (var slot = 0; slot < _names.Length; slot++)
        {
            ref var first = ref _firstOfLength[_names[slot].Length];
            _nextOfLength[slot] = first;
            first = slot;
        }
    }

    /// <summary>The number of slots.</summary>
    public int Count => _fields.Length;

    /// <summary>The length of the longest name, in bytes.</summary>
    public int LongestName { get; }

    /// <summary>The slot of a field that is in the set.</summary>
    public int SlotOf(EventField field) => Array.IndexOf(_fields, field);

    /// <summary>The slot of the field with exactly this name in UTF-8, escapes resolved; -1 if it is not needed.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        if (name.Length >= _firstOfLength.Length)
            return None;

        for (var slot = _firstOfLength[name.Length]; slot != None; slot = _nextOfLength[slot])
        {
            if (name.SequenceEqual(_names[slot]))
                return slot;
        }

        return None;
    }
}
