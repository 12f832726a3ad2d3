using System.Text;
using Pulse.Actors.Tests.Events;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Verification.Declarations;
using Pulse.Verification.Events;
using Derivation = Pulse.Verification.Declarations.Derivation;
using EventField = Pulse.Verification.Declarations.EventField;

namespace Pulse.Verification.Tests.Events;

/// <summary>The judge's reader and the nodes' decoder.</summary>
internal sealed class EventJudges
{
    private const int MostValues = 10_000;

    private static readonly EventRules Rules = new(
        [.. EventSchema.Required.Select(field => Enum.Parse<EventField>(field.ToString()))],
        (long)CountingRules.Default.MaximumSkew.TotalMilliseconds);

    private static readonly DeclaredDimension[] Dimensions =
    [
        .. Dimension.All.Select(dimension => new DeclaredDimension(
            dimension.Name,
            dimension.Derivation switch
            {
                Pulse.Events.Derivation.Text => Derivation.Text,
                Pulse.Events.Derivation.AgeGroup => Derivation.Age,
                _ => Derivation.Decade,
            },
            Enum.Parse<EventField>(dimension.Field.ToString()))),
    ];

    private readonly EventReader _reader = new();

    /// <summary>The nodes' decoder, which keeps the values that it has seen.</summary>
    public EventDecoder Decoder { get; } = new(Dimension.All, CountingRules.Default.MaximumSkew);

    /// <summary>They say the same of a record.</summary>
    public void AssertAlike(byte[] record, long time)
    {
        if (Enumerable.Range(0, Dimensions.Length).Any(dimension => Decoder.ValueCount(dimension) > MostValues))
            Decoder.Forget();
        var decoded = Decoded.By(Decoder, record, time);
        _reader.Read(record);

        var fault = Rules.Judge(_reader, time);

        Assert.Equal(decoded.BadRecord.Reason.ToString(), fault.ToString());
        if (fault != Fault.None)
            return;
        Assert.Equal(decoded.UnixMilliseconds, _reader.Time);
        Assert.Equal(decoded.Texts, Dimensions.Select(dimension => Encoding.UTF8.GetString(_reader.ValueOf(dimension))));
    }
}
