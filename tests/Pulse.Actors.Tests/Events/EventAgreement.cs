using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Events;

/// <summary>The decoder against two other readings of the rules: the platform's document model, and the judge of tests on a real broker.</summary>
internal static class EventAgreement
{
    private static readonly Dimension[] BuiltIn = Dimension.Of(RollupCatalog.BuiltIn);

    /// <summary>Both say the same of a record.</summary>
    /// <returns>What the decoder says.</returns>
    public static Decoded AssertAgrees(EventDecoder decoder, byte[] payload, long recordUnixMilliseconds)
    {
        var expected = JsonDocumentOracle.Decode(payload, Dimension.All, recordUnixMilliseconds);
        var actual = Decoded.By(decoder, payload, recordUnixMilliseconds);

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
        return actual;
    }

    /// <summary>The judge counts the record for the same rows or the same reason.</summary>
    public static void AssertJudgedAlike(byte[] payload, long recordUnixMilliseconds)
    {
        var judge = new IndependentReader();
        var ids = new int[BuiltIn.Length];
        var decoder = new EventDecoder(BuiltIn, CountingRules.Default.MaximumSkew);

        judge.Count(payload, recordUnixMilliseconds);

        var bad = decoder.Decode(payload, recordUnixMilliseconds, ids, out var time);
        if (bad.IsBad)
        {
            var reason = Assert.Single(judge.DeadLetters).Key;
            Assert.True(
                reason == bad.Reason.ToString() || (bad.Reason == BadRecordReason.TextTooLong && reason == "InvalidText"),
                $"The judge says {reason}, the decoder {bad}.");
            return;
        }

        Assert.Empty(judge.DeadLetters);
        var end = (decimal)Window.Containing(time, 300).EndUnixSeconds;
        Assert.Equal(
            RollupCatalog.BuiltIn.Select((rollup, index) => (
                rollup.TableName, decoder.Text(2 * index, ids[2 * index]), decoder.Text((2 * index) + 1, ids[(2 * index) + 1]), end)),
            judge.Rows.Keys);
    }
}
