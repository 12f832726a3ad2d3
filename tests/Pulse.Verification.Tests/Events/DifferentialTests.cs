using System.Text;
using CsCheck;
using Pulse.Actors.Tests.Events;

namespace Pulse.Verification.Tests.Events;

/// <summary>The judge's reader and the nodes' decoder share no code, and say the same of every record.</summary>
public sealed class DifferentialTests
{
    private static readonly long Now = SampleEvent.RecordUnixMilliseconds;

    private static readonly Gen<long> RecordTimes = Gen.OneOf(
        Gen.Const(Now),
        Gen.OneOf(
            -1L, -2L, 0L, 1L, long.MinValue, long.MaxValue, Now * 1000, 221_876_927_999_999, 221_876_928_000_000, Now - 300_211, Now - 300_212),
        Gen.Long,
        Gen.Long[0, 400_000_000_000_000]);

    private readonly EventJudges _judges = new();

    [Fact]
    public void The_producers_records_are_read_alike() => SampleAlike(RandomRecords.Usual, 200_000);

    [Fact]
    public void Objects_of_all_shapes_are_read_alike() => SampleAlike(RandomRecords.Objects, 100_000);

    [Fact]
    public void Damaged_records_are_read_alike() => SampleAlike(RandomRecords.Damaged, 100_000);

    [Fact]
    public void Bytes_are_read_alike() => SampleAlike(
        Gen.OneOf(Gen.Byte.Array[0, 40], Gen.OneOf("{}", "[]", "1", " ", "null", "\"x\"", "{}{}", "\ufeff{}", "{\"a\":1,}").Select(Encoding.UTF8.GetBytes)),
        20_000);

    [Theory]
    [InlineData("a\\ud800")]
    [InlineData("\\udc00\\ud800")]
    [InlineData("\\ud83d\\ude00")]
    [InlineData("\\u0000")]
    public void A_text_at_the_limit_of_its_length_is_read_alike(string ending)
    {
        for (var length = 230; length < 270; length++)
        {
            foreach (var filling in (string[])["a", "\\u0061", "é", "\\u00e9"])
                AssertAlike(new SampleEvent().With("Genre", $"\"{string.Concat(Enumerable.Repeat(filling, length))}{ending}\"").ToBytes(), Now);
        }
    }

    [Theory]
    [InlineData("2026-01-01T12:39:59.999Z")]
    [InlineData("2026-01-01T12:40:00Z")]
    [InlineData("2026-01-01T12:40:00.000999Z")]
    [InlineData("2026-01-01T12:40:00.001Z")]
    [InlineData("2026-01-01T12:40Z")]
    [InlineData("2026-01-01 02:40-10")]
    [InlineData("2026-01-01t12:40:00,1z")]
    [InlineData("2026-01-01T12:40:00.")]
    [InlineData("2026-01-01T12:40:00+14:01")]
    [InlineData("2026-01-01T12:40:00+1:00")]
    [InlineData("2026-01-01T12:40:00+12:")]
    [InlineData("2026-01-01T24:00:00Z")]
    [InlineData("2016-12-31T23:59:60Z")]
    [InlineData("2016-12-31T23:58:60Z")]
    [InlineData("2017-01-01T00:59:60+01")]
    [InlineData("0001-01-01T00:00:60+14")]
    [InlineData("1970-01-01T00:00:00Z")]
    [InlineData("1969-12-31T23:59:59.999Z")]
    [InlineData("9000-12-31T23:59:59.999Z")]
    [InlineData("9001-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59-14")]
    [InlineData("0000-01-01T00:00:00Z")]
    [InlineData("2026-02-29T00:00:00Z")]
    public void A_timestamp_is_read_alike(string text)
    {
        foreach (var time in (long[])[Now, -1, 0, 221_876_928_000_000])
        {
            AssertAlike(new SampleEvent().WithText("EventTimestamp", text).ToBytes(), time);
            AssertAlike(new SampleEvent().With("EventTimestamp", $"\"\\u0032{text[1..]}\"").ToBytes(), time);
        }
    }

    private void SampleAlike(Gen<byte[]> records, long iterations) =>
        Gen.Select(records, RecordTimes).Sample((record, time) => AssertAlike(record, time), iter: iterations, threads: 1);

    private void AssertAlike(byte[] record, long time) => _judges.AssertAlike(record, time);
}
