using System.Text;
using System.Text.Json;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Tests.Events;

/// <summary>A viewing event in JSON, good unless a test changes a field.</summary>
internal sealed class SampleEvent
{
    public const string Timestamp = "2026-01-01T12:34:56.789Z";

    public static readonly long RecordUnixMilliseconds =
        new DateTimeOffset(2026, 1, 1, 12, 35, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    // JSON values as written, in the producer's order.
    private readonly Dictionary<string, string> _values = new()
    {
        ["EventId"] = "\"0f8fad5b-d9cb-469f-a165-70867728950e\"",
        ["UserId"] = "\"7c9e6679-7425-40de-944b-e07fc1f90ae7\"",
        ["UserName"] = "\"Ada Lovelace\"",
        ["UserAge"] = "36",
        ["UserGender"] = "\"Female\"",
        ["UserLocation"] = "\"United Kingdom\"",
        ["DeviceType"] = "\"Smart TV\"",
        ["ContentType"] = "\"Movie\"",
        ["ContentID"] = "\"e02fd0e4-00fd-490a-a4f0-1c8ed2d3b1a1\"",
        ["ContentName"] = "\"The Engine\"",
        ["Genre"] = "\"Drama\"",
        ["ReleaseYear"] = "1996",
        ["ContentLength"] = "102",
        ["Language"] = "\"English\"",
        ["MaturityRating"] = "\"PG-13\"",
        ["EventTimestamp"] = $"\"{Timestamp}\"",
    };

    /// <summary>The fields with their JSON values, in the producer's order.</summary>
    public IEnumerable<KeyValuePair<string, string>> Fields => _values;

    public SampleEvent With(string field, string jsonValue)
    {
        _values[field] = jsonValue;
        return this;
    }

    public SampleEvent WithText(string field, string text) => With(field, JsonSerializer.Serialize(text));

    public SampleEvent Without(string field)
    {
        Assert.True(_values.Remove(field));
        return this;
    }

    public override string ToString() =>
        "{" + string.Join(",", _values.Select(field => $"\"{field.Key}\":{field.Value}")) + "}";

    public byte[] ToBytes() => Encoding.UTF8.GetBytes(ToString());
}

/// <summary>What decoding one record gave, as texts.</summary>
internal sealed record Decoded(BadRecord BadRecord, string[] Texts, long UnixMilliseconds)
{
    public static Decoded By(EventDecoder decoder, ReadOnlySpan<byte> payload, long? recordUnixMilliseconds = null)
    {
        var ids = new int[decoder.Dimensions.Count];
        var bad = decoder.Decode(
            payload, recordUnixMilliseconds ?? SampleEvent.RecordUnixMilliseconds, ids, out var unixMilliseconds);
        return bad.IsBad
            ? new Decoded(bad, [], 0)
            : new Decoded(bad, [.. ids.Select((id, dimension) => decoder.Text(dimension, id))], unixMilliseconds);
    }

    public static Decoded Of(string json, long? recordUnixMilliseconds = null) =>
        Of(Encoding.UTF8.GetBytes(json), recordUnixMilliseconds);

    public static Decoded Of(ReadOnlySpan<byte> payload, long? recordUnixMilliseconds = null) =>
        By(new EventDecoder(Dimension.All, CountingRules.Default.MaximumSkew), payload, recordUnixMilliseconds);

    /// <summary>The value of one dimension, by name.</summary>
    public string this[string dimension]
    {
        get
        {
            Assert.Equal(BadRecord.None, BadRecord);
            return Texts[Dimension.All.Select(known => known.Name).ToList().IndexOf(dimension)];
        }
    }
}
