using Pulse.Simulator.Generation;
using Pulse.Testing;

namespace Pulse.Simulator.Tests.Generation;

public sealed class MalformedRecordTests
{
    private static readonly SimulatorOptions Options = new()
    {
        Start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), Bad = 0.5, Skew = 0.5,
    };

    public static TheoryData<MalformedKind> Kinds =>
        [.. Enum.GetValues<MalformedKind>().Where(kind => kind != MalformedKind.None)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void No_reader_of_the_contract_accepts_it(MalformedKind kind)
    {
        var generator = new EventGenerator(Options, default);
        var seen = new HashSet<string>();
        for (var number = 0; number < 20_000; number++)
        {
            generator.Next();
            if (generator.Current.Malformed != kind)
                continue;
            var value = generator.Value.ToArray();
            Assert.False(IsEvent(value, generator.Current.RecordMilliseconds), System.Text.Encoding.Latin1.GetString(value));
            seen.Add(Convert.ToHexString(value));
        }

        // Often, and where a kind has variants, in more than one.
        Assert.InRange(seen.Count, kind == MalformedKind.Empty ? 1 : 4, 20_000);
    }

    [Fact]
    public void Every_other_record_is_accepted()
    {
        var generator = new EventGenerator(Options, default);
        for (var number = 0; number < 5_000; number++)
        {
            generator.Next();
            if (generator.Current.Malformed == MalformedKind.None)
                Assert.True(IsEvent(generator.Value.ToArray(), generator.Current.RecordMilliseconds));
        }
    }

    [Theory]
    [InlineData(0.01, 120, 280)]
    [InlineData(1.0, 20_000, 20_000)]
    public void The_fraction_is_kept(double fraction, int least, int most)
    {
        var generator = new EventGenerator(Options with { Bad = fraction }, default);
        var bad = 0;
        for (var number = 0; number < 20_000; number++)
        {
            generator.Next();
            if (generator.Current.Malformed != MalformedKind.None)
                bad++;
        }

        Assert.InRange(bad, least, most);
    }

    /// <summary>Whether it is an event by the contract.</summary>
    internal static bool IsEvent(byte[] value, long recordMilliseconds)
    {
        var judge = new IndependentReader();
        judge.Count(value, recordMilliseconds);
        return judge.DeadLetters.Count == 0;
    }
}
