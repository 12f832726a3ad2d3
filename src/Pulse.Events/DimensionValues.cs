namespace Pulse.Events;

/// <summary>The values of one dimension seen so far, each with an identifier that counts up from 0.</summary>
internal abstract class DimensionValues
{
    /// <summary>In place of an identifier: none was given.</summary>
    protected const int Unseen = -1;

    private readonly List<string> _texts = [];
    private int _absent = Unseen;
    private int _invalid = Unseen;

    /// <summary>How many values have been seen.</summary>
    public int Count => _texts.Count;

    /// <summary>The text behind an identifier.</summary>
    public string this[int valueId] => _texts[valueId];

    /// <summary>Makes an empty set of values for a dimension.</summary>
    public static DimensionValues For(Dimension dimension) => dimension.Derivation switch
    {
        Derivation.Text => new TextValues(),
        Derivation.AgeGroup => new DecadeValues(0, 150, decade => $"{decade * 10}-{(decade * 10) + 9}"),
        Derivation.Decade => new DecadeValues(1000, 9999, decade => $"{decade * 10}s"),
        _ => throw new ArgumentException($"The dimension '{dimension}' has an unknown derivation.", nameof(dimension)),
    };

    /// <summary>Gives the identifier of an event's value, or says what is wrong with it.</summary>
    /// <param name="payload">The record's value.</param>
    /// <param name="slot">Where the dimension's field is in it.</param>
    /// <param name="valueId">The identifier, where nothing is wrong.</param>
    public abstract BadRecordReason Identify(ReadOnlySpan<byte> payload, FieldSlot slot, out int valueId);

    /// <summary>
    /// Gives the identifier of the value that stands for an optional field without one: it is absent, or not what the contract
    /// allows.
    /// </summary>
    public int IdentifyWithout(FieldSlot slot)
    {
        ref var id = ref slot.Kind is FieldKind.Absent or FieldKind.Null ? ref _absent : ref _invalid;
        if (id == Unseen)
            id = Add(slot.Kind is FieldKind.Absent or FieldKind.Null ? EventSchema.Absent : EventSchema.Invalid);
        return id;
    }

    /// <summary>Forgets all values; identifiers count up from 0 again. Keeps the memory for those to come.</summary>
    public virtual void Clear()
    {
        _texts.Clear();
        (_absent, _invalid) = (Unseen, Unseen);
    }

    /// <summary>Adds a value that is not there yet and gives its identifier.</summary>
    protected int Add(string text)
    {
        _texts.Add(text);
        return _texts.Count - 1;
    }
}
