using System.Globalization;
using System.Text;
using Pulse.Actors.Coordination;

namespace Pulse.Actors.Tests.Export;

public sealed class CompletionMessageTests
{
    [Theory]
    [InlineData("""{"status":"complete","timestamp":"2026-01-02T03:04:05Z"}""")]
    [InlineData("""{"status":"complete","timestamp":"2026-01-02T03:04:05"}""")]
    [InlineData("""{"status":"complete","timestamp":"2026-01-02T03:04:05+0000"}""")]
    [InlineData("""{"status":"complete","timestamp":"2026-01-02t03:04:05.000000000z"}""")]
    [InlineData("""{"status":"complete","timestamp":"2026-01-02T05:04:05.0000000+02:00"}""")]
    [InlineData("""{ "by": {"status":"x"}, "timestamp" : "2026-01-02 03:04:05", "status" : "complete", "n": [1] }""")]
    public void A_complete_record_is_read_with_its_time_in_utc_whatever_else_it_holds(string text)
    {
        Assert.True(CompletionMessage.TryParse(Encoding.UTF8.GetBytes(text), out var message, out _));
        Assert.True(message.IsComplete);
        Assert.Equal(new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), message.TimestampUtc);
        Assert.Equal(DateTimeKind.Utc, message.TimestampUtc!.Value.Kind);
    }

    [Theory]
    [InlineData("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999Z")]
    [InlineData("9999-12-31T23:58:59.999-00:01", "9999-12-31T23:59:59.999Z")]
    [InlineData("0001-01-01T00:01:00+00:01", "0001-01-01T00:00:00.000Z")]
    public void The_first_and_the_last_time_of_the_calendar_are_read(string text, string expected)
    {
        Assert.True(CompletionMessage.TryParse(Encoding.UTF8.GetBytes($$"""{"status":"complete","timestamp":"{{text}}"}"""), out var message, out _));
        Assert.Equal(expected, message.TimestampUtc!.Value.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("""{"status":"started"}""", "started")]
    [InlineData("""{"status":"Complete","timestamp":"2026-01-02T03:04:05Z"}""", "Complete")]
    [InlineData("""{"status":"","timestamp":7}""", "")]
    public void Another_status_is_a_message_that_does_not_complete(string text, string status)
    {
        Assert.True(CompletionMessage.TryParse(Encoding.UTF8.GetBytes(text), out var message, out _));
        Assert.False(message.IsComplete);
        Assert.Equal(status, message.Status);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("complete", "not JSON")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("null", "not a JSON object")]
    [InlineData("""{"status":"complete","timestamp":"2026-01-02T03:04:05Z"} x""", "not JSON")]
    [InlineData("""{"status":"started","status":"complete","timestamp":"2026-01-02T03:04:05Z"}""", "distinct names")]
    [InlineData("""{"timestamp":"2026-01-02T03:04:05Z"}""", "no text 'status'")]
    [InlineData("""{"status":true,"timestamp":"2026-01-02T03:04:05Z"}""", "no text 'status'")]
    [InlineData("""{"status":"complete"}""", "no text 'timestamp'")]
    [InlineData("""{"status":"complete","timestamp":1767323045}""", "no text 'timestamp'")]
    [InlineData("""{"status":"complete","timestamp":"yesterday"}""", "not ISO-8601")]
    [InlineData("""{"status":"complete","timestamp":"9999-12-31T23:59:00-00:01"}""", "not ISO-8601")]
    [InlineData("""{"status":"complete","timestamp":"0001-01-01T00:00:59.999+00:01"}""", "not ISO-8601")]
    [InlineData("""{"status":"complete","timestamp":"2026-02-30T03:04:05Z"}""", "not ISO-8601")]
    [InlineData("""{"status":"complete","timestamp":"01/02/2026 03:04:05"}""", "not ISO-8601")]
    public void Anything_else_is_refused_with_what_is_wrong(string text, string expected)
    {
        Assert.False(CompletionMessage.TryParse(Encoding.UTF8.GetBytes(text), out _, out var mistake));
        Assert.Contains(expected, mistake, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_text_and_a_record_without_a_value_are_refused()
    {
        byte[] broken = [.. "{\"status\":\""u8, 0xC3, 0x28, .. "\"}"u8];

        Assert.False(CompletionMessage.TryParse(broken, out _, out var mistake));
        Assert.Contains("not JSON", mistake, StringComparison.Ordinal);
        Assert.False(CompletionMessage.TryParse(null, out _, out mistake));
        Assert.Contains("empty", mistake, StringComparison.Ordinal);
    }
}
