using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Pulse.Benchmarks.Micro;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Benchmarks.Decode;

/// <summary>Ways to read the six dimensions and the timestamp of an event. Each returns the sum of all timestamps.</summary>
public class DecodeSubjects
{
    public const int Events = 10_000;

    private readonly int[] _valueIds = new int[6];
    private byte[][] _events = [];
    private EventDecoder _decoder = null!;
    private NeededFields _fields = null!;
    private FieldSlot[] _slots = [];

    [GlobalSetup]
    public void Prepare()
    {
        _events = EventSample.Generate(Events);
        var dimensions = Dimension.Of(RollupCatalog.BuiltIn);
        _decoder = new EventDecoder(dimensions, CountingRules.Default.MaximumSkew);
        _fields = new NeededFields(dimensions.Select(dimension => dimension.Field).Append(EventField.EventTimestamp));
        _slots = new FieldSlot[_fields.Count];

        var expected = Record();
        if (Reader() != expected || Strict() != expected || Decoder() != expected)
            throw new InvalidOperationException("The subjects read different timestamps.");
    }

    [Benchmark(Baseline = true, Description = "JsonSerializer, record")]
    public long Record()
    {
        var sum = 0L;
        foreach (var value in _events)
            sum += JsonSerializer.Deserialize<ViewingEvent>(value)!.EventTimestamp.ToUnixTimeMilliseconds();
        return sum;
    }

    [Benchmark(Description = "Utf8JsonReader, strings")]
    public long Reader()
    {
        var sum = 0L;
        foreach (var value in _events)
            sum += Read(value);
        return sum;
    }

    [Benchmark(Description = "StrictEventReader")]
    public long Strict()
    {
        var sum = 0L;
        foreach (var value in _events)
        {
            _slots.AsSpan().Clear();
            if (StrictEventReader.Locate(value, _fields, _slots) == BadRecordReason.None
                && Iso8601.Read(_slots[^1].Of(value), out var time) == TimeText.Instant)
                sum += time;
        }

        return sum;
    }

    [Benchmark(Description = "EventDecoder")]
    public long Decoder()
    {
        var sum = 0L;
        foreach (var value in _events)
        {
            if (!_decoder.Decode(value, EventDecoder.NoRecordTimestamp, _valueIds, out var time).IsBad)
                sum += time;
        }

        return sum;
    }

    private static long Read(byte[] value)
    {
        string? device = null, genre = null, gender = null, country = null, rating = null;
        var age = 0;
        var time = default(DateTimeOffset);
        var reader = new Utf8JsonReader(value);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("DeviceType"u8))
                device = Text(ref reader);
            else if (reader.ValueTextEquals("Genre"u8))
                genre = Text(ref reader);
            else if (reader.ValueTextEquals("UserGender"u8))
                gender = Text(ref reader);
            else if (reader.ValueTextEquals("UserLocation"u8))
                country = Text(ref reader);
            else if (reader.ValueTextEquals("MaturityRating"u8))
                rating = Text(ref reader);
            else if (reader.ValueTextEquals("UserAge"u8) && reader.Read())
                age = reader.GetInt32();
            else if (reader.ValueTextEquals("EventTimestamp"u8) && reader.Read())
                time = reader.GetDateTimeOffset();
            else
                reader.Skip();
        }

        var isComplete = device is not null && genre is not null && gender is not null && country is not null
            && rating is not null && age > 0;
        return isComplete ? time.ToUnixTimeMilliseconds() : 0;
    }

    private static string? Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetString();
    }
}
