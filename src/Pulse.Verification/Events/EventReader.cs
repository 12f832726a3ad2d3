using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Pulse.Verification.Declarations;

namespace Pulse.Verification.Events;

/// <summary>One record at a time, read by the platform's JSON reader. What it says of a record is valid until the next.</summary>
internal sealed class EventReader
{
    private const int MaximumTextBytes = 256;

    private static readonly byte[][] Names = [.. Enum.GetNames<EventField>().Select(Encoding.UTF8.GetBytes)];

    private static readonly byte[][] AgeGroups =
        [.. Enumerable.Range(0, 16).Select(decade => Encoding.UTF8.GetBytes(FormattableString.Invariant($"{decade * 10}-{(decade * 10) + 9}")))];

    private static readonly byte[][] Decades =
        [.. Enumerable.Range(0, 1000).Select(decade => Encoding.UTF8.GetBytes(FormattableString.Invariant($"{decade * 10}s")))];

    private readonly Field[] _fields = new Field[Names.Length];
    private readonly byte[] _texts = new byte[Names.Length * MaximumTextBytes];
    private byte[] _value = [];
    private long _time;

    /// <summary>What is wrong with the record as a whole.</summary>
    public Fault Fault { get; private set; }

    /// <summary>The event's time in Unix milliseconds, if its timestamp is an instant, in range or not.</summary>
    public long Time => _time;

    /// <summary>Reads a record's value.</summary>
    public void Read(byte[] value)
    {
        _value = value;
        _fields.AsSpan().Clear();
        _time = 0;
        Fault = value.Length == 0 ? Fault.Empty : Locate();
        if (Fault != Fault.None)
            return;
        for (var field = EventField.DeviceType; field < EventField.EventTimestamp; field++)
        {
            ref var found = ref _fields[(int)field];
            found.Fault = field is EventField.UserAge ? JudgeNumber(ref found, 0, 150)
                : field is EventField.ReleaseYear ? JudgeNumber(ref found, 1000, 9999)
                : JudgeText(ref found, field);
        }

        ref var timestamp = ref _fields[(int)EventField.EventTimestamp];
        timestamp.Fault = JudgeTimestamp(timestamp);
    }

    /// <summary>What is wrong with a field.</summary>
    public Fault FaultOf(EventField field) => _fields[(int)field].Fault;

    /// <summary>The value of a dimension in UTF-8.</summary>
    public ReadOnlySpan<byte> ValueOf(DeclaredDimension dimension)
    {
        ref readonly var field = ref _fields[(int)dimension.Field];
        if (field.Fault != Fault.None)
            return field.Token is JsonTokenType.None or JsonTokenType.Null ? "(none)"u8 : "(invalid)"u8;
        return dimension.Derivation switch
        {
            Derivation.Age => AgeGroups[field.Number / 10],
            Derivation.Decade => Decades[field.Number / 10],
            _ when field.IsEscaped => _texts.AsSpan((int)dimension.Field * MaximumTextBytes, field.Length),
            _ => _value.AsSpan(field.Start, field.Length),
        };
    }

    private Fault Locate()
    {
        var json = new Utf8JsonReader(_value);
        try
        {
            json.Read();
            var isObject = json.TokenType == JsonTokenType.StartObject;
            if (!isObject)
                json.Skip();
            while (isObject && json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var field = FieldNamed(ref json);
                json.Read();
                if (field >= 0)
                    _fields[field] = new Field(json.TokenType, json.ValueIsEscaped, (int)json.TokenStartIndex, json.ValueSpan.Length);
                json.Skip();
            }

            // Reading on finds what stands after the value.
            json.Read();
            return isObject ? Fault.None : Fault.NotAnObject;
        }
        catch (JsonException)
        {
            return Fault.NotJson;
        }
    }

    private static int FieldNamed(ref Utf8JsonReader json)
    {
        Span<byte> unescaped = stackalloc byte[32];
        scoped var name = json.ValueSpan;
        if (json.ValueIsEscaped)
        {
            var length = JsonString.Unescape(name, unescaped);
            name = length <= unescaped.Length ? unescaped[..length] : [];
        }

        for (var field = 0; field < Names.Length; field++)
        {
            if (name.SequenceEqual(Names[field]))
                return field;
        }

        return -1;
    }

    private Fault JudgeText(ref Field field, EventField number)
    {
        if (field.Token != JsonTokenType.String)
            return field.Token == JsonTokenType.None ? Fault.MissingField : Fault.WrongType;

        field.Start++;
        var text = _value.AsSpan(field.Start, field.Length);
        if (field.IsEscaped)
        {
            var room = _texts.AsSpan((int)number * MaximumTextBytes, MaximumTextBytes);
            field.Length = JsonString.Unescape(text, room);
            text = room[..Math.Min(field.Length, room.Length)];
        }

        return field.Length == 0 ? Fault.EmptyText
            : field.Length > MaximumTextBytes ? Fault.TextTooLong
            : !Utf8.IsValid(text) || text.ContainsAnyInRange((byte)0, (byte)0x1F) || text.Contains((byte)0x7F) ? Fault.InvalidText
            : Fault.None;
    }

    // Digits alone: no sign, no fraction, no exponent.
    private Fault JudgeNumber(ref Field field, int least, int most)
    {
        if (field.Token != JsonTokenType.Number)
            return field.Token == JsonTokenType.None ? Fault.MissingField : Fault.WrongType;
        foreach (var digit in _value.AsSpan(field.Start, field.Length))
        {
            if (!char.IsAsciiDigit((char)digit) || field.Number > most)
                return Fault.NumberOutOfRange;
            field.Number = (field.Number * 10) + digit - '0';
        }

        return field.Number >= least && field.Number <= most ? Fault.None : Fault.NumberOutOfRange;
    }

    private Fault JudgeTimestamp(in Field field)
    {
        if (field.Token != JsonTokenType.String)
            return field.Token == JsonTokenType.None ? Fault.MissingField : Fault.WrongType;
        Span<byte> unescaped = stackalloc byte[MaximumTextBytes];
        ReadOnlySpan<byte> text = _value.AsSpan(field.Start + 1, field.Length);
        if (!field.IsEscaped)
            return Timestamp.Read(text, out _time);
        var length = JsonString.Unescape(text, unescaped);
        return length <= MaximumTextBytes ? Timestamp.Read(unescaped[..length], out _time) : Fault.InvalidTimestamp;
    }

    private struct Field(JsonTokenType token, bool isEscaped, int start, int length)
    {
        public readonly JsonTokenType Token = token;
        public readonly bool IsEscaped = isEscaped;
        public int Start = start;
        public int Length = length;
        public int Number;
        public Fault Fault;
    }
}
