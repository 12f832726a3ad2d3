namespace Pulse.Events;

/// <summary>
/// Values that are the decade of a whole number. Only an integer literal counts as one: digits without sign, fraction
/// or exponent, so <c>20.0</c>, <c>2e1</c> and <c>-0</c> do not.
/// </summary>
internal sealed class DecadeValues : DimensionValues
{
    private readonly int _minimum;
    private readonly int _maximum;
    private readonly Func<int, string> _nameOfDecade;
    private readonly int[] _idOfDecade;

    /// <summary>Makes an empty set.</summary>
    /// <param name="minimum">The least number allowed; not negative.</param>
    /// <param name="maximum">The greatest number allowed.</param>
    /// <param name="nameOfDecade">Writes a decade, given as a tenth of its first year.</param>
    public DecadeValues(int minimum, int maximum, Func<int, string> nameOfDecade)
    {
        _minimum = minimum;
        _maximum = maximum;
        _nameOfDecade = nameOfDecade;
        _idOfDecade = new int[(maximum / 10) + 1];
        Array.Fill(_idOfDecade, Unseen);
    }

    /// <inheritdoc />
    public override void Clear()
    {
        base.Clear();
        Array.Fill(_idOfDecade, Unseen);
    }

    /// <inheritdoc />
    public override BadRecordReason Identify(ReadOnlySpan<byte> payload, FieldSlot slot, out int valueId)
    {
        valueId = Unseen;
        if (slot.Kind != FieldKind.Number)
            return slot.Kind == FieldKind.Absent ? BadRecordReason.MissingField : BadRecordReason.WrongType;

        var number = 0;
        foreach (var digit in slot.Of(payload))
        {
            if (!char.IsAsciiDigit((char)digit))
                return BadRecordReason.NumberOutOfRange;
            number = (number * 10) + (digit - '0');
            if (number > _maximum)
                return BadRecordReason.NumberOutOfRange;
        }

        if (number < _minimum)
            return BadRecordReason.NumberOutOfRange;

        ref var id = ref _idOfDecade[number / 10];
        if (id == Unseen)
            id = Add(_nameOfDecade(number / 10));
        valueId = id;
        return BadRecordReason.None;
    }
}
