using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Pulse.Actors.Coordination;
using Pulse.Actors.Tests.Events;
using Pulse.Events;
using Pulse.Testing.Fuzzing;
using Pulse.Verification.Events;

namespace Pulse.Verification.Tests.Events;

/// <summary>Whatever stands where a time should be: events and completions are read by one grammar, and the judge reads it alike.</summary>
public sealed class TimeFuzzTests
{
    private const int MostOfShape = 40;

    private static readonly string[] Words =
    [
        "2026-01-31", "0001-01-01", "9999-12-31", "1970-01-01", "2016-12-31", "2024-02-29", "T", "t", " ", "12:00", "23:59", ":59", ":60", ".", ",", ".999",
        ".0000000001", "Z", "z", "+", "-", "+00:00", "+14:00", "-14:00", "+0530", "-08", "+14:01", "24:00", "00:00", "\u2212", "\uff12",
    ];

    private readonly EventJudges _judges = new();

    [Fact]
    public async Task All_readers_of_times_read_the_same()
    {
        var outcomes = await Fuzzer.RunAsync(FuzzTarget.Times, "times", Words, Judge);

        Assert.Superset(
            Enum.GetNames<TimeText>().ToHashSet(), outcomes.Select(outcome => outcome.Split(' ')[0]).ToHashSet());
    }

    private string Judge(byte[] text)
    {
        var read = Iso8601.Read(text, out var milliseconds);
        AssertJudgeAgrees(text, read, milliseconds);
        if (!Utf8.IsValid(text))
        {
            Assert.Equal(TimeText.Invalid, read);
            return nameof(TimeText.Invalid);
        }

        var letters = Encoding.UTF8.GetString(text);
        var isInCalendar = Iso8601.TryRead(letters, out var utc);
        if (isInCalendar)
        {
            Assert.Equal(TimeText.Instant, read);
            Assert.Equal(milliseconds, (utc - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMillisecond);
            Assert.Equal(TimeText.Instant, Iso8601.Read(Encoding.UTF8.GetBytes(utc.ToString("O", CultureInfo.InvariantCulture)), out var again));
            Assert.Equal(milliseconds, again);
        }

        AssertRecordsAgree(letters, isInCalendar ? utc : null);
        return read == TimeText.Invalid ? nameof(TimeText.Invalid) : $"{read} {Shape(letters)}";
    }

    private static void AssertJudgeAgrees(byte[] text, TimeText read, long milliseconds)
    {
        var fault = Timestamp.Read(text, out var judged);
        Assert.Equal(read, fault switch
        {
            Fault.InvalidTimestamp => TimeText.Invalid,
            Fault.LeapSecond => TimeText.LeapSecond,
            _ => TimeText.Instant,
        });
        Assert.Equal(milliseconds, judged);
    }

    private void AssertRecordsAgree(string text, DateTime? utc)
    {
        var json = JsonSerializer.Serialize(text);
        EventAgreement.AssertAgrees(
            _judges.Decoder, new SampleEvent().With("EventTimestamp", json).ToBytes(), EventDecoder.NoRecordTimestamp);

        var completion = Encoding.UTF8.GetBytes($$"""{"status":"complete","timestamp":{{json}}}""");
        Assert.Equal(utc is not null, CompletionMessage.TryParse(completion, out var message, out var mistake));
        Assert.Equal(utc, message?.TimestampUtc);
        Assert.Equal(utc is null, mistake?.Contains("ISO-8601", StringComparison.Ordinal) ?? false);
    }

    // Times that are spelled alike are one outcome.
    private static string Shape(string text) =>
        string.Concat(text.Take(MostOfShape).Select(each => char.IsAsciiDigit(each) ? '9' : each));
}
