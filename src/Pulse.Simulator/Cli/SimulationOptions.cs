using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Pulse.Simulator.Cli;

/// <summary>
/// The options that say what is simulated, as opposed to where it goes. Shared by every command that simulates.
/// </summary>
public sealed class SimulationOptions
{
    private static readonly SimulatorOptions Defaults = new();

    private readonly Option<long?> events = new("--events", "-n")
    {
        Description = $"How many events to produce [default: {SimulatorOptions.DefaultEvents}, unless --duration or --endless is given]",
        HelpName = "N",
        CustomParser = result => Number<long>(result, "a whole number, 0 or more"),
    };

    private readonly Option<double> rate = new("--rate", "-r")
    {
        Description = "Events per second; 0 = as fast as Kafka accepts them (event time then runs at "
                      + $"{SimulatorOptions.NominalRate.ToString("N0", CultureInfo.InvariantCulture)} events per second)",
        HelpName = "R",
        DefaultValueFactory = _ => Defaults.Rate,
        CustomParser = result => Number<double>(result, "events per second, 0 or more") ?? 0,
    };

    private readonly Option<TimeSpan?> duration = new("--duration", "-d")
    {
        Description = $"How long to produce, instead of --events: {DurationText.Shapes}",
        HelpName = "DURATION",
        CustomParser = Duration,
    };

    private readonly Option<bool> endless = new("--endless")
    {
        Description = "Produce until it is stopped, instead of --events",
    };

    private readonly Option<long> seed = new("--seed", "-s")
    {
        Description = "Same seed, start and options: the same bytes in the same order",
        HelpName = "N",
        DefaultValueFactory = _ => Defaults.Seed,
        CustomParser = result => Number<long>(result, "a whole number") ?? 0,
    };

    private readonly Option<DateTimeOffset?> start = new("--start")
    {
        Description = "First record's timestamp, ISO-8601; UTC where no zone is given [default: as long ago as it takes to end about now]",
        HelpName = "TIME",
        CustomParser = StartTime,
    };

    private readonly Option<double> speedUp = new("--speed-up")
    {
        Description = "Seconds of event time per second; 60 makes five-minute windows pass every 5 s. A stream that is --endless "
                      + "begins a day ago and goes on in real time when it has caught up",
        HelpName = "X",
        DefaultValueFactory = _ => Defaults.SpeedUp,
        CustomParser = result => Number<double>(result, "a number, 0 or more") ?? 0,
    };

    private readonly Option<double> skew = new("--skew")
    {
        Description = "Zipf exponent over titles, countries and devices; 0 = uniform",
        HelpName = "EXPONENT",
        DefaultValueFactory = _ => Defaults.Skew,
        CustomParser = result => Number<double>(result, "a number from 0 to 10") ?? 0,
    };

    private readonly Option<double> late = new("--late")
    {
        Description = "Fraction of events whose time is 1 to 20 minutes before their record's timestamp",
        HelpName = "FRACTION",
        DefaultValueFactory = _ => Defaults.Late,
        CustomParser = result => Number<double>(result, "a fraction from 0 to 1") ?? 0,
    };

    private readonly Option<TimeSpan?> outOfOrder = new("--out-of-order")
    {
        Description = "Move each event's time back by a random amount below this, for example 2m",
        HelpName = "DURATION",
        CustomParser = Duration,
    };

    private readonly Option<double> fastClock = new("--fast-clock")
    {
        Description = "Fraction of users whose device's clock is ahead, by 1 s to 24 days; events more than 5 minutes ahead of "
                      + "their record's timestamp are dead letters",
        HelpName = "FRACTION",
        DefaultValueFactory = _ => Defaults.FastClock,
        CustomParser = result => Number<double>(result, "a fraction from 0 to 1") ?? 0,
    };

    private readonly Option<double> bad = new("--bad")
    {
        Description = "Fraction of records that are malformed, of a dozen kinds",
        HelpName = "FRACTION",
        DefaultValueFactory = _ => Defaults.Bad,
        CustomParser = result => Number<double>(result, "a fraction from 0 to 1") ?? 0,
    };

    private readonly Option<string?> truth = new("--truth")
    {
        Description = "Write the exact counts per rollup, key and window, and the dead letters, to this JSON file",
        HelpName = "FILE",
    };

    private Option[] All =>
        [events, rate, duration, endless, seed, start, speedUp, skew, late, outOfOrder, fastClock, bad, truth];

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        foreach (var option in All)
            command.Options.Add(option);
    }

    /// <summary>The names of the options that were given, such as <c>--rate</c>.</summary>
    public IReadOnlyList<string> Given(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        return [.. All.Where(option => parsed.GetResult(option) is { Implicit: false }).Select(option => option.Name)];
    }

    /// <summary>The file that takes the exact counts, or null.</summary>
    public string? TruthFile(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        return parsed.GetValue(truth);
    }

    /// <summary>What the options make of a simulation.</summary>
    /// <param name="parsed">A command line with these options.</param>
    /// <param name="basis">Says everything else: where the events go, and how patiently.</param>
    public SimulatorOptions Read(ParseResult parsed, SimulatorOptions basis)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        ArgumentNullException.ThrowIfNull(basis);
        return basis with
        {
            Events = parsed.GetValue(events),
            Rate = parsed.GetValue(rate),
            Duration = parsed.GetValue(duration),
            Endless = parsed.GetValue(endless),
            Seed = parsed.GetValue(seed),
            Start = parsed.GetValue(start),
            SpeedUp = parsed.GetValue(speedUp),
            Skew = parsed.GetValue(skew),
            Late = parsed.GetValue(late),
            OutOfOrder = parsed.GetValue(outOfOrder) ?? TimeSpan.Zero,
            FastClock = parsed.GetValue(fastClock),
            Bad = parsed.GetValue(bad),
        };
    }

    private static T? Number<T>(ArgumentResult result, string allowed)
        where T : struct, IParsable<T>
    {
        if (T.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var number))
            return number;
        Refuse(result, allowed);
        return null;
    }

    private static TimeSpan? Duration(ArgumentResult result)
    {
        if (DurationText.TryParse(result.Tokens[0].Value, out var duration))
            return duration;
        Refuse(result, $"a duration such as {DurationText.Shapes}");
        return null;
    }

    private static DateTimeOffset? StartTime(ArgumentResult result)
    {
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (DateTimeOffset.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, Utc, out var time))
            return time;
        Refuse(result, "an ISO-8601 time such as 2026-01-01T00:00:00Z");
        return null;
    }

    private static void Refuse(ArgumentResult result, string allowed)
    {
        var option = (result.Parent as OptionResult)?.Option.Name;
        result.AddError($"{option}: '{result.Tokens[0].Value}' is not allowed; give {allowed}.");
    }
}
