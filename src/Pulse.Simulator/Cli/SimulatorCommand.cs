using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Pulse.Simulator.Cli;

/// <summary>The command line: its options, their help, and what they make of <see cref="SimulatorOptions"/>.</summary>
internal sealed class SimulatorCommand
{
    private static readonly SimulatorOptions Defaults = new();

    private readonly Option<string> bootstrapServers = new("--bootstrap-servers", "-b")
    {
        Description = "Kafka's address, host:port[,host:port…]",
        HelpName = "HOST:PORT",
        DefaultValueFactory = _ => Defaults.BootstrapServers,
    };

    private readonly Option<string> topic = new("--topic")
    {
        Description = "Topic for viewing events; made with 8 partitions if absent",
        HelpName = "NAME",
        DefaultValueFactory = _ => Defaults.Topic,
    };

    private readonly Option<string> completionTopic = new("--completion-topic")
    {
        Description = "Topic for the completion event",
        HelpName = "NAME",
        DefaultValueFactory = _ => Defaults.CompletionTopic,
    };

    private readonly Option<long?> events = new("--events", "-n")
    {
        Description = $"How many events to produce [default: {SimulatorOptions.DefaultEvents} unless --duration is given]",
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

    private readonly Option<long> seed = new("--seed", "-s")
    {
        Description = "Same seed, start and options: the same bytes in the same order",
        HelpName = "N",
        DefaultValueFactory = _ => Defaults.Seed,
        CustomParser = result => Number<long>(result, "a whole number") ?? 0,
    };

    private readonly Option<DateTimeOffset?> start = new("--start")
    {
        Description = "First event's time, ISO-8601; UTC where no zone is given [default: now]",
        HelpName = "TIME",
        CustomParser = StartTime,
    };

    private readonly Option<double> speedUp = new("--speed-up")
    {
        Description = "Seconds of event time per second; 60 makes five-minute windows pass every 5 s",
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
        Description = "Fraction of events whose timestamp is 1 to 20 minutes too old",
        HelpName = "FRACTION",
        DefaultValueFactory = _ => Defaults.Late,
        CustomParser = result => Number<double>(result, "a fraction from 0 to 1") ?? 0,
    };

    private readonly Option<TimeSpan?> outOfOrder = new("--out-of-order")
    {
        Description = "Move each timestamp back by a random amount below this, for example 2m",
        HelpName = "DURATION",
        CustomParser = Duration,
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
        Description = "Write the exact counts per rollup, key and window to this JSON file",
        HelpName = "FILE",
    };

    private readonly Option<bool> noComplete = new("--no-complete")
    {
        Description = "Send no completion event at the end",
    };

    internal SimulatorCommand(Func<SimulatorOptions, string?, CancellationToken, Task<int>> execute)
    {
        Root = new RootCommand(
            "Produces viewing events to Kafka, each confirmed, and then the completion event. Everything random "
            + "derives from the seed. Ctrl-C flushes and tells how many were delivered.\n\n"
            + "Exit codes: 0 every produced event was delivered, 1 failed, 2 wrong usage.")
        {
            bootstrapServers, topic, completionTopic, events, rate, duration, seed, start, speedUp, skew, late,
            outOfOrder, bad, truth, noComplete,
        };
        Root.SetAction((parsed, cancellation) => execute(ToOptions(parsed), parsed.GetValue(truth), cancellation));
    }

    internal RootCommand Root { get; }

    internal SimulatorOptions ToOptions(ParseResult parsed) => new()
    {
        BootstrapServers = parsed.GetValue(bootstrapServers)!,
        Topic = parsed.GetValue(topic)!,
        CompletionTopic = parsed.GetValue(completionTopic)!,
        Events = parsed.GetValue(events),
        Rate = parsed.GetValue(rate),
        Duration = parsed.GetValue(duration),
        Seed = parsed.GetValue(seed),
        Start = parsed.GetValue(start),
        SpeedUp = parsed.GetValue(speedUp),
        Skew = parsed.GetValue(skew),
        Late = parsed.GetValue(late),
        OutOfOrder = parsed.GetValue(outOfOrder) ?? TimeSpan.Zero,
        Bad = parsed.GetValue(bad),
        Complete = !parsed.GetValue(noComplete),
    };

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
