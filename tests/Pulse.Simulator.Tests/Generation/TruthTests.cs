using System.Globalization;
using System.Text;
using System.Text.Json;
using Pulse.Simulator.Generation;
using Pulse.Testing;

namespace Pulse.Simulator.Tests.Generation;

public sealed class TruthTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 31, 23, 50, 0, TimeSpan.Zero);

    public static TheoryData<SimulatorOptions> Options =>
    [
        new SimulatorOptions { Rate = 20 },
        new SimulatorOptions { Rate = 20, Late = 0.1 },
        new SimulatorOptions { Rate = 20, OutOfOrder = TimeSpan.FromHours(12) },
        new SimulatorOptions { Rate = 20, Bad = 0.3 },
        new SimulatorOptions { Rate = 20, FastClock = 0.5 },
        new SimulatorOptions { Rate = 0, SpeedUp = 20_000, Late = 0.1, OutOfOrder = TimeSpan.FromMinutes(7), FastClock = 0.3 },
        new SimulatorOptions { Rate = 0, SpeedUp = 40_000, Duration = TimeSpan.FromMinutes(1), Bad = 0.1, FastClock = 0.1 },
        new SimulatorOptions { Rate = 20, Late = 0.1, OutOfOrder = TimeSpan.FromMinutes(7), Bad = 0.1, FastClock = 0.3, Skew = 0.8 },
    ];

    [Theory]
    [MemberData(nameof(Options))]
    public void It_is_what_an_independent_reader_makes_of_the_bytes_whatever_the_options(SimulatorOptions options)
    {
        const int Records = 30_000;
        var generator = new EventGenerator(options with { Start = Start, Seed = 11 }, default);
        var truth = new Truth();
        var judge = new IndependentReader();
        for (var number = 0; number < Records; number++)
        {
            generator.Next();
            truth.Add(generator.Current);
            judge.Count(generator.Value.ToArray(), generator.Current.RecordMilliseconds);
        }

        Assert.Equal((Records, Records), (truth.Events, truth.Counted + truth.Malformed + truth.Ahead));
        Assert.Equal((options.Bad > 0, options.FastClock > 0), (truth.Malformed > 0, truth.Ahead > 0));
        Assert.Equal(
            judge.Rows,
            Truth.RollupNames.SelectMany(rollup => truth.Rows(rollup).Select(row => (Rollup: rollup, Row: row))).ToDictionary(
                each => ($"{each.Rollup}Aggregation", each.Row.First, each.Row.Second, (decimal)each.Row.WindowEnd.ToUnixTimeSeconds()),
                each => each.Row.Count));
        Assert.Equal(
            judge.DeadLettersByWindow,
            truth.DeadLetters.ToDictionary(row => (row.Reason, (decimal)row.WindowEnd.ToUnixTimeSeconds()), row => row.Count));
        Assert.All(Truth.RollupNames, rollup => Assert.Equal(truth.Counted, truth.Rows(rollup).Sum(row => row.Count)));
    }

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, false)]
    [InlineData(299_999, false)]
    [InlineData(300_000, false)]
    [InlineData(300_001, true)]
    public void An_event_counts_up_to_five_minutes_ahead_of_its_record_and_not_a_millisecond_more(int ahead, bool isDead)
    {
        var record = Start.AddMilliseconds(1);
        var time = record.AddMilliseconds(ahead);
        var (truth, judge) = (new Truth(), new IndependentReader());

        truth.Add(new SimulatedEvent(
            MalformedKind.None, time.ToUnixTimeMilliseconds(), record.ToUnixTimeMilliseconds(), 1, 2, 0, 70, 0, 0));
        judge.Count(
            Encoding.UTF8.GetBytes(
                """{"DeviceType":"Mobile","Genre":"Drama","UserGender":"Male","UserAge":70,"UserLocation":"X","MaturityRating":"G","EventTimestamp":"""
                + $"\"{time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)}\"}}"),
            record.ToUnixTimeMilliseconds());

        Assert.Equal(isDead ? 1 : 0, truth.Ahead);
        Assert.Equal(isDead ? [new DeadLetterRow("TimestampInFuture", Start.AddMinutes(5), 1)] : [], truth.DeadLetters);
        Assert.Equal(isDead ? 0 : 1, truth.Rows("viewsByDeviceGenre").Count);
        Assert.Equal(isDead ? ["TimestampInFuture"] : [], judge.DeadLetters.Keys);
    }

    [Fact]
    public void A_window_holds_its_start_and_not_its_end()
    {
        var truth = new Truth();
        var midnight = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        foreach (var offset in (int[])[-1, 0, 299_999, 300_000])
        {
            var time = midnight.ToUnixTimeMilliseconds() + offset;
            truth.Add(new SimulatedEvent(MalformedKind.None, time, time, 1, 2, 0, 70, 0, 0));
        }

        Assert.Equal(
            [
                new TruthRow("Mobile", "Drama", midnight, 1),
                new TruthRow("Mobile", "Drama", midnight.AddMinutes(5), 2),
                new TruthRow("Mobile", "Drama", midnight.AddMinutes(10), 1),
            ],
            truth.Rows("viewsByDeviceGenre"));
        Assert.All(truth.Rows("viewsByGenderAgeGroup"), row => Assert.Equal("70-79", row.Second));
    }

    [Fact]
    public void The_file_has_the_documented_shape()
    {
        var truth = new Truth();
        var time = new DateTimeOffset(2026, 1, 1, 0, 2, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
        truth.Add(new SimulatedEvent(MalformedKind.None, time, time, 1, 2, 1, 25, 11, 2));
        truth.Add(new SimulatedEvent(MalformedKind.Truncated, time, time, 1, 2, 1, 25, 11, 2));
        truth.Add(new SimulatedEvent(MalformedKind.None, time + 300_001, time, 1, 2, 1, 25, 11, 2));
        using var stream = new MemoryStream();
        truth.Write(stream);

        Assert.Equal(
            """
            {"events":3,"malformed":1,"ahead":1,"rollups":{
            "viewsByDeviceGenre":{"dimensions":["device_type","genre"],"rows":[["Mobile","Drama","2026-01-01T00:05:00Z",1]]},
            "viewsByGenderAgeGroup":{"dimensions":["gender","age_group"],"rows":[["Female","20-29","2026-01-01T00:05:00Z",1]]},
            "viewsByLocationMR":{"dimensions":["country","maturity_rating"],"rows":[["United Kingdom","PG-13","2026-01-01T00:05:00Z",1]]}},
            "deadLetters":{"dimensions":["reason"],"rows":[
            ["NotJson","2026-01-01T00:05:00Z",1],["TimestampInFuture","2026-01-01T00:05:00Z",1]]}}
            """.ReplaceLineEndings(""),
            JsonSerializer.Serialize(JsonElement.Parse(stream.ToArray())));
    }
}
