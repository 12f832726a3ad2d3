using Pulse.Actors.Tests.Events;
using Pulse.Events;
using Pulse.Testing.Fuzzing;

namespace Pulse.Verification.Tests.Events;

/// <summary>Whatever a producer writes: the decoder has a verdict, and four other readings of the contract have the same one.</summary>
public sealed class EventFuzzTests
{
    private static readonly string[] Words =
    [
        .. new SampleEvent().Fields.SelectMany(field => (string[])[$"\"{field.Key}\"", $",\"{field.Key}\":{field.Value}", field.Value]),
        "\"\"", "\"x\"", "null", "true", "{}", "[]", "0", "150", "151", "1000", "9999", "-0", "1e2", "\\u0047enre", "\\ud83d", "\\ude00", "\\u0000",
        "\"2026-01-01T12:40:00.000Z\"", "\"2026-01-01T12:40:00.001Z\"", "\"2016-12-31T23:59:60Z\"", "\"1969-12-31T23:59:59Z\"",
        "\"9001-01-01T00:00:00Z\"", "/**/", "//", "\ufeff", "\u00e9", "\ud83d\ude00",
    ];

    private readonly EventJudges _judges = new();

    [Fact]
    public async Task All_readings_of_a_record_say_the_same()
    {
        var outcomes = await Fuzzer.RunAsync(FuzzTarget.Events, "events", Words, Judge);

        // What is kept has every verdict that there is.
        Assert.Equal(
            Enum.GetNames<BadRecordReason>().Order(StringComparer.Ordinal),
            outcomes.Select(outcome => outcome.Split(' ')[0]).Distinct().Order(StringComparer.Ordinal));
    }

    private string Judge(byte[] record)
    {
        var decoded = EventAgreement.AssertAgrees(_judges.Decoder, record, SampleEvent.RecordUnixMilliseconds);
        _judges.AssertAlike(record, SampleEvent.RecordUnixMilliseconds);
        EventAgreement.AssertJudgedAlike(record, SampleEvent.RecordUnixMilliseconds);
        if (decoded.BadRecord.Reason is BadRecordReason.None or BadRecordReason.TimestampInFuture)
        {
            EventAgreement.AssertAgrees(_judges.Decoder, record, EventDecoder.NoRecordTimestamp);
            _judges.AssertAlike(record, EventDecoder.NoRecordTimestamp);
        }

        var start = ValueStart.Of(record);
        Assert.InRange(start.ToString().Length, 1, 400);
        Assert.DoesNotContain(start.ToString(), char.IsControl);
        return $"{decoded.BadRecord.Reason} {decoded.BadRecord.Field} {start.Kind?.Split(',', '.')[0]}";
    }
}
