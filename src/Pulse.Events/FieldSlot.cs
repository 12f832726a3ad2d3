namespace Pulse.Events;

/// <summary>What kind of JSON value a needed field has.</summary>
internal enum FieldKind : byte
{
    /// <summary>The object has no such field.</summary>
    Absent,

    /// <summary>A string.</summary>
    Text,

    /// <summary>A number.</summary>
    Number,

    /// <summary>The word null.</summary>
    Null,

    /// <summary>An object, an array, true or false.</summary>
    Other,
}

/// <summary>Where a needed field's value stands in the record.</summary>
/// <param name="Kind">The kind of value; the rest means something for texts and numbers only.</param>
/// <param name="IsEscaped">Whether the text contains escape sequences.</param>
/// <param name="Start">Index of the value's first byte in the record; for a text, after the quote.</param>
/// <param name="Length">Length in bytes, escapes not resolved.</param>
internal readonly record struct FieldSlot(FieldKind Kind, bool IsEscaped, int Start, int Length)
{
    /// <summary>The word null.</summary>
    public static FieldSlot Null => new(FieldKind.Null, false, 0, 0);

    /// <summary>A value whose kind alone matters.</summary>
    public static FieldSlot Other => new(FieldKind.Other, false, 0, 0);

    /// <summary>The value's bytes as they stand in the record.</summary>
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> payload) => payload.Slice(Start, Length);
}
