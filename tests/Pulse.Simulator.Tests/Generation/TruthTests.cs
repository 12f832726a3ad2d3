using System.Text.Json;
using Pulse.Simulator.Generation;

namespace Pulse.Simulator.Tests.Generation;

public sealed class TruthTests
{
    [Fact]
    public void It_equals_an_independent_recount_of_the_bytes()
    {
        var generator = new EventGenerator(
            new SimulatorOptions
            {
                Start = new DateTimeOffset(2026, 3, 31, 23, 50, 0, TimeSpan.Zero), Seed = 11, Rate = 20, Bad = 0.05,
                Late = 0.1, OutOfOrder = TimeSpan.FromMinutes(7), Skew = 0.8,
            },
            default);
        var truth = new Truth();
        var recount = Truth.RollupNames.ToDictionary(name => name, _ => new Dictionary<TruthRow, long>());
        var bad = 0;
        for (var number = 0; number < 30_000; number++)
        {
            generator.Next();
            truth.Add(generator.Current);
            if (ContractReader.Read(generator.Value.ToArray()) is { } viewing)
                Recount(recount, viewing);
            else
                bad++;
        }

        Assert.Equal(30_000, truth.Events);
        Assert.Equal(bad, truth.Malformed);
        foreach (var (rollup, counts) in recount)
        {
            var rows = truth.Rows(rollup);
            Assert.Equal(30_000 - bad, rows.Sum(row => row.Count));
            Assert.Equal(counts, rows.ToDictionary(row => row with { Count = 0 }, row => row.Count));
        }
    }

    [Fact]
    public void A_window_holds_its_start_and_not_its_end()
    {
        var truth = new Truth();
        var midnight = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        foreach (var offset in (int[])[-1, 0, 299_999, 300_000])
            truth.Add(new SimulatedEvent(
                MalformedKind.None, midnight.ToUnixTimeMilliseconds() + offset, 1, 2, 0, 70, 0, 0));

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
        truth.Add(new SimulatedEvent(MalformedKind.None, time, 1, 2, 1, 25, 11, 2));
        truth.Add(new SimulatedEvent(MalformedKind.Truncated, time, 1, 2, 1, 25, 11, 2));
        using var stream = new MemoryStream();
        truth.Write(stream);

        Assert.Equal(
            """
            {"events":2,"malformed":1,"rollups":{
            "viewsByDeviceGenre":{"dimensions":["device_type","genre"],"rows":[["Mobile","Drama","2026-01-01T00:05:00Z",1]]},
            "viewsByGenderAgeGroup":{"dimensions":["gender","age_group"],"rows":[["Female","20-29","2026-01-01T00:05:00Z",1]]},
            "viewsByLocationMR":{"dimensions":["country","maturity_rating"],"rows":[["United Kingdom","PG-13","2026-01-01T00:05:00Z",1]]}}}
            """.ReplaceLineEndings(""),
            JsonSerializer.Serialize(JsonElement.Parse(stream.ToArray())));
    }

    private static void Recount(Dictionary<string, Dictionary<TruthRow, long>> recount, ContractReader.Viewing viewing)
    {
        var utc = viewing.Time.UtcDateTime;
        var end = new DateTimeOffset(utc.Date, TimeSpan.Zero).AddMinutes((Math.Floor(utc.TimeOfDay.TotalMinutes / 5) + 1) * 5);
        var decade = viewing.Age - viewing.Age % 10;
        Add("viewsByDeviceGenre", viewing.Device, viewing.Genre);
        Add("viewsByGenderAgeGroup", viewing.Gender, $"{decade}-{decade + 9}");
        Add("viewsByLocationMR", viewing.Country, viewing.Rating);

        void Add(string rollup, string first, string second)
        {
            var row = new TruthRow(first, second, end, 0);
            recount[rollup][row] = recount[rollup].GetValueOrDefault(row) + 1;
        }
    }
}
