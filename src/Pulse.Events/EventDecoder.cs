using Pulse.Counting;

namespace Pulse.Events;

/// <summary>
/// Decodes viewing events from UTF-8 JSON, touching only the fields that the given dimensions need. Values are
/// interned per dimension to small integers; nothing is allocated for an event whose values have been seen before.
/// Not thread-safe: each partition ingestor has its own.
/// </summary>
/// <remarks>
/// <para>
/// Looked at are the dimensions' fields and <c>EventTimestamp</c>, each in the outermost object; other fields are ignored
/// whatever they hold. Names match exactly, escapes resolved. Of a repeated name the last one counts. Only what
/// <see cref="EventSchema"/> requires can make a record bad; another dimension without a value has the value given there.
/// </para>
/// <para>
/// Where several things are wrong, the answer is the first of: the record is empty, is no JSON (no comments, trailing
/// commas, byte order mark or anything after the value; at most 64 levels deep), is no object; then the fields in the
/// order of the required dimensions; last the timestamp. Within a text: its JSON type, emptiness, length, then its characters.
/// </para>
/// <para>
/// A required text with invalid UTF-8 or with half of a surrogate pair as an escape is <c>InvalidText</c>, not
/// <c>NotJson</c>; in fields and names that are not looked at neither is looked at. A timestamp that is a JSON string is
/// valid, a <c>LeapSecond</c> or <c>InvalidTimestamp</c>, also where it is empty. Only a record that is no JSON costs an exception
/// inside, and so an allocation.
/// </para>
/// </remarks>
public sealed class EventDecoder
{
    /// <summary>The longest accepted text of a dimension, in bytes of UTF-8 after unescaping.</summary>
    public const int MaximumTextBytes = 256;

    /// <summary>
    /// Stands for the Kafka record's timestamp where the record has none; any number outside of <see cref="TimeRange"/> does.
    /// Then an event is measured against that range alone: a replay would find nothing else again.
    /// </summary>
    public const long NoRecordTimestamp = -1;

    private readonly Dimension[] _dimensions;
    private readonly DimensionValues[] _values;
    private readonly NeededFields _fields;
    private readonly FieldSlot[] _slots;
    private readonly int[] _slotOfDimension;
    private readonly int _slotOfTimestamp;
    private readonly long _maximumSkew;

    /// <summary>Makes a decoder.</summary>
    /// <param name="dimensions">The dimensions to decode, without repetition.</param>
    /// <param name="maximumSkew">See <see cref="CountingRules.MaximumSkew"/>.</param>
    /// <exception cref="ArgumentException">A dimension is repeated, or comes from no field of an event.</exception>
    public EventDecoder(IReadOnlyList<Dimension> dimensions, TimeSpan maximumSkew)
    {
        ArgumentNullException.ThrowIfNull(dimensions);
        _maximumSkew = (long)maximumSkew.TotalMilliseconds;
        _dimensions = [.. dimensions];
        if (_dimensions.Distinct().Count() != _dimensions.Length)
            throw new ArgumentException("A dimension is repeated.", nameof(dimensions));
        if (Array.Find(_dimensions, dimension => dimension.Field == EventField.None) is { } unknown)
            throw new ArgumentException($"The dimension '{unknown}' comes from no field of an event.", nameof(dimensions));

        _values = Array.ConvertAll(_dimensions, DimensionValues.For);
        _fields = new NeededFields(
            _dimensions.Select(dimension => dimension.Field).Append(EventField.EventTimestamp).Distinct());
        _slots = new FieldSlot[_fields.Count];
        _slotOfDimension = Array.ConvertAll(_dimensions, dimension => _fields.SlotOf(dimension.Field));
        _slotOfTimestamp = _fields.SlotOf(EventField.EventTimestamp);
    }

    /// <summary>The dimensions decoded, in the order of the value identifiers that <see cref="Decode"/> gives.</summary>
    public IReadOnlyList<Dimension> Dimensions => _dimensions;

    /// <summary>Decodes one record.</summary>
    /// <param name="payload">The record's value.</param>
    /// <param name="recordUnixMilliseconds">
    /// The Kafka record's own timestamp: what "in the future" is measured against, so that a replay judges alike.
    /// <see cref="NoRecordTimestamp"/> where it has none.
    /// </param>
    /// <param name="valueIds">
    /// Receives one interned identifier per dimension; has as many places as dimensions, or more.
    /// </param>
    /// <param name="eventUnixMilliseconds">The event's timestamp, in milliseconds since 1970-01-01T00:00:00Z.</param>
    /// <returns><see cref="BadRecord.None"/>, or why it is bad; then the other results mean nothing.</returns>
    /// <exception cref="ArgumentException"><paramref name="valueIds"/> is too short.</exception>
    public BadRecord Decode(
        ReadOnlySpan<byte> payload, long recordUnixMilliseconds, Span<int> valueIds, out long eventUnixMilliseconds)
    {
        if (valueIds.Length < _dimensions.Length)
            throw new ArgumentException($"Needs {_dimensions.Length} places, has {valueIds.Length}.", nameof(valueIds));

        eventUnixMilliseconds = 0;
        if (payload.IsEmpty)
            return new BadRecord(BadRecordReason.Empty, EventField.None);

        _slots.AsSpan().Clear();
        if (!FlatEventScanner.TryLocate(payload, _fields, _slots))
        {
            _slots.AsSpan().Clear();
            var reason = StrictEventReader.Locate(payload, _fields, _slots);
            if (reason != BadRecordReason.None)
                return new BadRecord(reason, EventField.None);
        }

        for (var dimension = 0; dimension < _values.Length; dimension++)
        {
            var slot = _slots[_slotOfDimension[dimension]];
            var reason = _values[dimension].Identify(payload, slot, out valueIds[dimension]);
            if (reason == BadRecordReason.None)
                continue;
            if (_dimensions[dimension].IsRequired)
                return new BadRecord(reason, _dimensions[dimension].Field);
            valueIds[dimension] = _values[dimension].IdentifyWithout(slot);
        }

        var timestamp = JudgeTimestamp(
            payload, _slots[_slotOfTimestamp], recordUnixMilliseconds, out eventUnixMilliseconds);
        return timestamp == BadRecordReason.None
            ? BadRecord.None
            : new BadRecord(timestamp, EventField.EventTimestamp);
    }

    /// <summary>The text behind an interned identifier of a dimension.</summary>
    /// <param name="dimension">The dimension's index in <see cref="Dimensions"/>.</param>
    /// <param name="valueId">An identifier that <see cref="Decode"/> gave for it; identifiers count up from 0.</param>
    public string Text(int dimension, int valueId) => _values[dimension][valueId];

    /// <summary>Forgets all values; identifiers given before mean nothing any more.</summary>
    public void Forget()
    {
        foreach (var values in _values)
            values.Clear();
    }

    /// <summary>
    /// How many values of a dimension have been interned so far. They are kept, those of bad records too: whoever decodes a
    /// dimension of endlessly many values calls <see cref="Forget"/> from time to time.
    /// </summary>
    /// <param name="dimension">The dimension's index in <see cref="Dimensions"/>.</param>
    public int ValueCount(int dimension) => _values[dimension].Count;

    private BadRecordReason JudgeTimestamp(
        ReadOnlySpan<byte> payload, FieldSlot slot, long recordUnixMilliseconds, out long unixMilliseconds)
    {
        unixMilliseconds = 0;
        if (slot.Kind != FieldKind.Text)
            return slot.Kind == FieldKind.Absent ? BadRecordReason.MissingField : BadRecordReason.WrongType;

        var text = slot.IsEscaped
            ? ReadEscaped(slot.Of(payload), out unixMilliseconds)
            : Iso8601.Read(slot.Of(payload), out unixMilliseconds);
        if (text != TimeText.Instant)
            return text == TimeText.LeapSecond ? BadRecordReason.LeapSecond : BadRecordReason.InvalidTimestamp;
        if (unixMilliseconds < TimeRange.First)
            return BadRecordReason.TimestampTooOld;
        var latest = TimeRange.Holds(recordUnixMilliseconds)
            ? Math.Min(recordUnixMilliseconds + _maximumSkew, TimeRange.Last)
            : TimeRange.Last;
        return unixMilliseconds > latest ? BadRecordReason.TimestampInFuture : BadRecordReason.None;
    }

    private static TimeText ReadEscaped(ReadOnlySpan<byte> raw, out long unixMilliseconds)
    {
        // One more byte tells a text that is too long.
        Span<byte> text = stackalloc byte[Iso8601.MaximumBytes + 1];
        var length = JsonText.Unescape(raw, text);
        return Iso8601.Read(text[..Math.Min(length, text.Length)], out unixMilliseconds);
    }
}
