using System.Text;
using CsCheck;
using Pulse.Actors.Events;
using Pulse.Actors.Rollups;

namespace Pulse.Actors.Tests.Events;

/// <summary>The decoder against an independent reading of the rules, and its quick path against its reference path.</summary>
public sealed class EventDecoderDifferentialTests
{
    private const int Iterations = 10_000;

    private static readonly NeededFields Fields = new(
        [.. Dimension.All.Select(dimension => dimension.Field), EventField.EventTimestamp]);

    // Shared by all records of a test thread, so that values are found again as well as added.
    private static readonly ThreadLocal<EventDecoder> Decoder = new(() => new EventDecoder(Dimension.All));

    [Fact]
    public void Agrees_on_usual_records() => RandomRecords.Usual.Sample(AssertAgrees, iter: Iterations, print: Print);

    [Fact]
    public void Agrees_on_any_objects() => RandomRecords.Objects.Sample(AssertAgrees, iter: Iterations, print: Print);

    [Fact]
    public void Agrees_on_damaged_records() =>
        RandomRecords.Damaged.Sample(AssertAgrees, iter: 2 * Iterations, print: Print);

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
        var expected = JsonDocumentOracle.Decode(payload, Dimension.All, SampleEvent.RecordUnixMilliseconds);
        var actual = Decoded.By(Decoder.Value!, payload);

        if (expected.BadRecord.Reason == BadRecordReason.InvalidText
            && actual.BadRecord == expected.BadRecord with { Reason = BadRecordReason.TextTooLong })
        {
            // The platform gives no length for invalid text; the decoder looks at the length first.
            Assert.True(payload.Length > EventDecoder.MaximumTextBytes);
        }
        else
        {
            Assert.Equal(expected.BadRecord, actual.BadRecord);
        }

        Assert.Equal(expected.Texts, actual.Texts);
        Assert.Equal(expected.UnixMilliseconds, actual.UnixMilliseconds);
        AssertScanIsSound(payload);
    }

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
