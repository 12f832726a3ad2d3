using System.Globalization;
using CsCheck;
using Pulse.Events;

namespace Pulse.Actors.Tests.Events;

public sealed class EventTimestampTests
{
    private static readonly DateTimeOffset RecordTime =
        DateTimeOffset.FromUnixTimeMilliseconds(SampleEvent.RecordUnixMilliseconds);

    private static Decoded Decode(string timestamp, long? recordUnixMilliseconds = null) =>
        Decoded.Of(new SampleEvent().WithText("EventTimestamp", timestamp).ToBytes(), recordUnixMilliseconds);

    [Theory]
    [InlineData("2025-06-07T08:09:10", "2025-06-07T08:09:10.000Z")]
    [InlineData("2025-06-07 08:09:10", "2025-06-07T08:09:10.000Z")]
    [InlineData("2025-06-07T08:09:10Z", "2025-06-07T08:09:10.000Z")]
    [InlineData("2025-06-07T08:09:10z", "2025-06-07T08:09:10.000Z")]
    [InlineData("2025-06-07T08:09:10.1", "2025-06-07T08:09:10.100Z")]
    [InlineData("2025-06-07T08:09:10.12Z", "2025-06-07T08:09:10.120Z")]
    [InlineData("2025-06-07T08:09:10.123+00:00", "2025-06-07T08:09:10.123Z")]
    [InlineData("2025-06-07T08:09:10.1239", "2025-06-07T08:09:10.123Z")]
    [InlineData("2025-06-07T08:09:10.0009999", "2025-06-07T08:09:10.000Z")]
    [InlineData("2025-06-07T08:09:10.9999999-00:30", "2025-06-07T08:39:10.999Z")]
    [InlineData("2025-06-07T08:09:10+02:00", "2025-06-07T06:09:10.000Z")]
    [InlineData("2025-06-07T08:09:10+0530", "2025-06-07T02:39:10.000Z")]
    [InlineData("2025-06-07T08:09:10-08", "2025-06-07T16:09:10.000Z")]
    [InlineData("2025-01-01T00:00:00+14:00", "2024-12-31T10:00:00.000Z")]
    [InlineData("2024-12-31T23:59:59-14:00", "2025-01-01T13:59:59.000Z")]
    [InlineData("2024-02-29T00:00:00", "2024-02-29T00:00:00.000Z")]
    [InlineData("2000-02-29T23:59:59", "2000-02-29T23:59:59.000Z")]
    [InlineData("2000-01-01T00:00:00", "2000-01-01T00:00:00.000Z")]
    [InlineData("1970-01-01T00:00:00", "1970-01-01T00:00:00.000Z")]
    [InlineData("1969-12-31T23:00:00-01:00", "1970-01-01T00:00:00.000Z")]
    [InlineData("2025-06-07t08:09:10z", "2025-06-07T08:09:10.000Z")]
    [InlineData("2025-06-07T08:09", "2025-06-07T08:09:00.000Z")]
    [InlineData("2025-06-07T08:09Z", "2025-06-07T08:09:00.000Z")]
    [InlineData("2025-06-07 08:09+01:00", "2025-06-07T07:09:00.000Z")]
    [InlineData("2025-06-07T08:09-0130", "2025-06-07T09:39:00.000Z")]
    [InlineData("2025-06-07T08:09:10,5", "2025-06-07T08:09:10.500Z")]
    [InlineData("2025-06-07T08:09:10.12345678", "2025-06-07T08:09:10.123Z")]
    [InlineData("2025-06-07T08:09:10.999999999Z", "2025-06-07T08:09:10.999Z")]
    [InlineData("2025-06-07T08:09:10.0000000000000000000000000000000000001-08:00", "2025-06-07T16:09:10.000Z")]
    public void These_are_valid(string text, string expectedUtc)
    {
        var decoded = Decode(text);

        Assert.Equal(BadRecord.None, decoded.BadRecord);
        Assert.Equal(
            DateTimeOffset.Parse(expectedUtc, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds(),
            decoded.UnixMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("2025-06-07")]
    [InlineData("2025-06-07T08")]
    [InlineData("2025-06-07T08Z")]
    [InlineData("2025-06-07T08:0")]
    [InlineData("2025-06-07T08:09.5")]
    [InlineData("2025-06-07T08:09:")]
    [InlineData("2025-06-07T08:09:1")]
    [InlineData("2025-06-07T08:09:1Z")]
    [InlineData("2025-06-07T0809")]
    [InlineData("2025-06-07_08:09:10")]
    [InlineData(" 2025-06-07T08:09:10")]
    [InlineData("2025-06-07T08:09:10 ")]
    [InlineData("2025-06-07T08:09:10 Z")]
    [InlineData("2025-06-07T08:09:10ZZ")]
    [InlineData("2025-06-07T08:09:10.")]
    [InlineData("2025-06-07T08:09:10.Z")]
    [InlineData("2025-06-07T08:09:10,")]
    [InlineData("2025-06-07T08:09:10.,5")]
    [InlineData("2025-06-07T24:00")]
    [InlineData("2025-06-07T23:58:60")]
    [InlineData("2025-06-07T23:59:61")]
    [InlineData("2025-06-07T23:59:60+01:00")]
    [InlineData("2025-06-07T08:09:10.1234567+00:000")]
    [InlineData("2025-06-07T08:09:60")]
    [InlineData("2025-06-07T08:60:00")]
    [InlineData("2025-06-07T24:00:00")]
    [InlineData("2025-00-07T08:09:10")]
    [InlineData("2025-13-07T08:09:10")]
    [InlineData("2025-06-00T08:09:10")]
    [InlineData("2025-06-31T08:09:10")]
    [InlineData("2025-02-29T08:09:10")]
    [InlineData("1900-02-29T08:09:10")]
    [InlineData("0000-01-01T00:00:00")]
    [InlineData("2025-6-7T08:09:10.000")]
    [InlineData("2025-06-07T8:09:10.000")]
    [InlineData("-2025-06-07T08:09:10")]
    [InlineData("20250607T080910.00000")]
    [InlineData("2o25-06-07T08:09:10")]
    [InlineData("2025-06-07T08:09:1o")]
    [InlineData("2025-06-07T08-09-10")]
    [InlineData("2025/06/07T08:09:10")]
    [InlineData("2025-06-07T08:09:10+")]
    [InlineData("2025-06-07T08:09:10+2")]
    [InlineData("2025-06-07T08:09:10+020")]
    [InlineData("2025-06-07T08:09:10+02:0")]
    [InlineData("2025-06-07T08:09:10+02-00")]
    [InlineData("2025-06-07T08:09:10+02:60")]
    [InlineData("2025-06-07T08:09:10+14:01")]
    [InlineData("2025-06-07T08:09:10-15:00")]
    [InlineData("2025-06-07T08:09:10+ab")]
    [InlineData("2025-06-07T08:09:10UTC")]
    [InlineData("２025-06-07T08:09:10")]
    public void These_are_InvalidTimestamp(string text) =>
        Assert.Equal(
            new BadRecord(BadRecordReason.InvalidTimestamp, EventField.EventTimestamp), Decode(text).BadRecord);

    [Theory]
    [InlineData("2016-12-31T23:59:60Z")]
    [InlineData("2016-12-31T23:59:60")]
    [InlineData("2016-12-31T23:59:60.5Z")]
    [InlineData("2017-01-01T00:59:60+01:00")]
    [InlineData("2016-12-31T15:59:60-0800")]
    public void The_second_that_is_inserted_at_the_end_of_a_day_is_a_LeapSecond(string text) =>
        Assert.Equal(new BadRecord(BadRecordReason.LeapSecond, EventField.EventTimestamp), Decode(text).BadRecord);

    [Fact]
    public void A_timestamp_is_as_long_as_any_other_text_escaped_or_not()
    {
        const string start = "2025-06-07T08:09:10.";
        var longest = start + new string('1', EventDecoder.MaximumTextBytes - start.Length);

        Assert.Equal(BadRecord.None, Decode(longest).BadRecord);
        Assert.Equal(BadRecord.None, Escaped(longest).BadRecord);
        Assert.Equal(BadRecordReason.InvalidTimestamp, Decode(longest + "1").BadRecord.Reason);
        Assert.Equal(BadRecordReason.InvalidTimestamp, Escaped(longest + "1").BadRecord.Reason);

        static Decoded Escaped(string text) =>
            Decoded.Of(new SampleEvent().With("EventTimestamp", $"\"\\u0032{text[1..]}\"").ToString());
    }

    [Fact]
    public void Half_a_surrogate_pair_is_InvalidTimestamp()
    {
        var json = new SampleEvent().With("EventTimestamp", "\"2025-06-07T08:09:10\\ud800\"").ToString();

        Assert.Equal(
            new BadRecord(BadRecordReason.InvalidTimestamp, EventField.EventTimestamp), Decoded.Of(json).BadRecord);
    }

    [Theory]
    [InlineData("1969-12-31T23:59:59.9999999")]
    [InlineData("1970-01-01T00:00:00+00:01")]
    [InlineData("0001-01-01T00:00:00+14:00")]
    public void Before_the_year_1970_is_TimestampTooOld(string text) =>
        Assert.Equal(
            new BadRecord(BadRecordReason.TimestampTooOld, EventField.EventTimestamp), Decode(text).BadRecord);

    [Theory]
    [InlineData(0, false)]
    [InlineData(5 * 60 * 1000, false)]
    [InlineData((5 * 60 * 1000) + 1, true)]
    public void More_than_five_minutes_after_the_record_is_TimestampInFuture(int aheadMilliseconds, bool isInFuture)
    {
        var text = (RecordTime + TimeSpan.FromMilliseconds(aheadMilliseconds)).ToString("O");

        Assert.Equal(
            isInFuture ? new BadRecord(BadRecordReason.TimestampInFuture, EventField.EventTimestamp) : BadRecord.None,
            Decode(text).BadRecord);
    }

    [Theory]
    [InlineData(EventDecoder.NoRecordTimestamp)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    [InlineData(221_876_928_000_000)]
    [InlineData(221_876_927_999_999)]
    public void Without_a_record_timestamp_only_what_comes_after_the_year_9000_is_in_the_future(long recordUnixMilliseconds)
    {
        Assert.Equal(BadRecord.None, Decode("9000-12-31T23:59:59.9999999", recordUnixMilliseconds).BadRecord);
        Assert.Equal(
            new BadRecord(BadRecordReason.TimestampInFuture, EventField.EventTimestamp),
            Decode("9000-12-31T23:59:59.9999999-00:01", recordUnixMilliseconds).BadRecord);
        Assert.Equal(BadRecordReason.TimestampInFuture, Decode("9999-12-31T23:59:59-14:00", recordUnixMilliseconds).BadRecord.Reason);
    }

    [Fact]
    public void Every_instant_is_read_as_the_platform_reads_it() =>
        Gen.Select(
            Gen.Long[new DateTime(1970, 1, 2).Ticks, new DateTime(9000, 12, 30).Ticks],
            Gen.Int[-14 * 60, 14 * 60],
            Gen.Int[-1, 7]).Sample((ticks, offsetMinutes, digits) =>
        {
            var instant = new DateTimeOffset(ticks, TimeSpan.FromMinutes(offsetMinutes));
            var format = digits switch
            {
                < 0 => "yyyy-MM-dd'T'HH:mmzzz",
                0 => "yyyy-MM-dd'T'HH:mm:sszzz",
                _ => $"yyyy-MM-dd'T'HH:mm:ss.{new string('f', digits)}zzz",
            };
            var text = instant.ToString(format, CultureInfo.InvariantCulture);
            var expected = DateTimeOffset.ParseExact(text, format, CultureInfo.InvariantCulture);

            Assert.Equal(
                expected.ToUnixTimeMilliseconds(), Decode(text, EventDecoder.NoRecordTimestamp).UnixMilliseconds);
        });
}
