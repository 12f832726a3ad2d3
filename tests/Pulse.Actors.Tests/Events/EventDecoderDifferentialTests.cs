using System.Text;
using CsCheck;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Tests.Events;

/// <summary>The decoder against an independent reading of the rules, and its quick path against its reference path.</summary>
public sealed class EventDecoderDifferentialTests
{
    private const int Iterations = 10_000;

    private static readonly NeededFields Fields = new(
        [.. Dimension.All.Select(dimension => dimension.Field), EventField.EventTimestamp]);

    // Shared by all records of a test thread, so that values are found again as well as added.
    private static readonly ThreadLocal<EventDecoder> Decoder = new(() => new EventDecoder(Dimension.All, CountingRules.Default.MaximumSkew));

    [Fact]
    public void Agrees_on_usual_records() => RandomRecords.Usual.Sample(AssertAgrees, iter: Iterations, print: Print);

    [Fact]
    public void Agrees_on_any_objects() => RandomRecords.Objects.Sample(AssertAgrees, iter: Iterations, print: Print);

    [Fact]
    public void Agrees_on_damaged_records() =>
        RandomRecords.Damaged.Sample(AssertAgrees, iter: 2 * Iterations, print: Print);

    [Fact]
    public void The_judge_of_tests_on_a_real_broker_agrees() =>
        RandomRecords.Damaged.Sample(AssertJudgedAlike, iter: 2 * Iterations, print: Print);

    [Theory]
    [InlineData("0001-01-01T00:00:00+14:00")]
    [InlineData("9999-12-31T23:59:59-14:00")]
    [InlineData("9999-12-31T23:59:59.9999999Z")]
    [InlineData("2026-01-01T00:00:00+14:01")]
    [InlineData("2026-01-01T00:00:00-00:60")]
    public void The_judge_agrees_at_the_edges_of_time(string time)
    {
        AssertJudgedAlike(new SampleEvent().With("EventTimestamp", $"\"{time}\"").ToBytes());
        EventAgreement.AssertJudgedAlike(new SampleEvent().With("EventTimestamp", $"\"{time}\"").ToBytes(), EventDecoder.NoRecordTimestamp);
    }

    [Fact]
    public void The_judge_passes_over_a_name_that_is_no_valid_Unicode() =>
        AssertJudgedAlike(Encoding.UTF8.GetBytes(new SampleEvent().ToString()[..^1] + ",\"\\ud800\":1}"));

    [Fact]
    public void Agrees_on_every_single_byte_changed()
    {
        var bytes = Encoding.UTF8.GetBytes("{\"EventTimestamp\":\"2026-01-01T00:00:00Z\", \"UserAge\" : 20 ,\"x\":-1.5e3,\"y\":true}");
        for (var at = 0; at < bytes.Length; at++)
        {
            var original = bytes[at];
            for (var value = 0; value <= byte.MaxValue; value++)
            {
                bytes[at] = (byte)value;
                AssertAgrees(bytes);
            }

            bytes[at] = original;
        }
    }

    [Fact]
    public void The_scan_takes_what_the_producer_writes()
    {
        var slots = new FieldSlot[Fields.Count];
        foreach (var json in new[] { new SampleEvent().ToString(), new SampleEvent().ToString().Replace(",", ", ", StringComparison.Ordinal) })
            Assert.True(FlatEventScanner.TryLocate(Encoding.UTF8.GetBytes(json), Fields, slots));
    }

    [Fact]
    public void The_scan_leaves_escapes_nesting_and_control_characters_to_the_reader()
    {
        foreach (var value in new[] { "\"\\u0061\"", "{}", "[]", "\n1" })
        {
            var payload = new SampleEvent().With("Extra", value).ToBytes();
            Assert.False(FlatEventScanner.TryLocate(payload, Fields, new FieldSlot[Fields.Count]));
        }
    }

    private static void AssertAgrees(byte[] payload)
    {
        EventAgreement.AssertAgrees(Decoder.Value!, payload, SampleEvent.RecordUnixMilliseconds);
        AssertScanIsSound(payload);
    }

    private static void AssertJudgedAlike(byte[] payload) => EventAgreement.AssertJudgedAlike(payload, SampleEvent.RecordUnixMilliseconds);

    private static void AssertScanIsSound(byte[] payload)
    {
        var scanned = new FieldSlot[Fields.Count];
        if (!FlatEventScanner.TryLocate(payload, Fields, scanned))
            return;

        var read = new FieldSlot[Fields.Count];
        Assert.Equal(BadRecordReason.None, StrictEventReader.Locate(payload, Fields, read));
        Assert.Equal(read, scanned);
    }

    private static string Print(byte[] payload) => $"{Encoding.UTF8.GetString(payload)} = {Convert.ToHexString(payload)}";
}
