using System.CommandLine;
using System.CommandLine.Parsing;
using Pulse.Actors.Broker;
using Pulse.Actors.Storage;
using Pulse.Events;
using Pulse.Host.Configuration;
using Pulse.Host.Embedded;
using Pulse.Verification;

namespace Pulse.Host.Cli;

/// <summary><c>verify</c>: judges every stored number by the log, beside running nodes and without stopping anything.</summary>
internal sealed class VerifyCommand
{
    private readonly Option<string?> _data = new("--data")
    {
        Description = "Directory of the embedded storage, and of the node whose embedded broker is read [default: ./pulse-data]",
        HelpName = "DIR",
    };

    private readonly Option<string?> _rollup = new("--rollup")
    {
        Description = "Only this rollup; deadLetters is one [default: all]",
        HelpName = "NAME",
    };

    private readonly Option<DateTime?> _from = new("--from")
    {
        Description = "Only windows that end at or after this instant, as 2026-01-31T12:00Z [default: from the first on]",
        HelpName = "TIME",
        CustomParser = Instant,
    };

    private readonly Option<DateTime?> _to = new("--to")
    {
        Description = "Only windows that end before this instant [default: up to the last]",
        HelpName = "TIME",
        CustomParser = Instant,
    };

    private readonly Option<bool> _json = new("--json")
    {
        Description = "Print one JSON object",
    };

    public VerifyCommand()
    {
        Command = new Command(
            "verify",
            "Recount the topic and compare every stored number: exit code 0 PASS, 1 FAIL, 3 CANNOT SAY; nodes may run meanwhile")
        {
            _data, _rollup, _from, _to, _json,
        };
        Command.SetAction((parsed, stop) => ExecuteAsync(parsed, stop));
    }

    public Command Command { get; }

    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken stop)
    {
        var isJson = parsed.GetValue(_json);
        try
        {
            var (request, kafka) = Request(parsed);
            await ReachAsync(kafka);
            var report = await VerificationProgressBar.ShowWhileAsync(progress => Verifier.RunAsync(request, progress, stop));
            if (isJson)
                System.Console.WriteLine(VerificationJson.Write(report));
            else
                VerificationText.Write(report, System.Console.Out);
            return report.Verdict switch
            {
                Verdict.Pass => HostCommand.Done,
                Verdict.Fail => HostCommand.Failed,
                _ => HostCommand.CannotSay,
            };
        }
        catch (ConfigurationException exception)
        {
            return HostCommand.Refuse(HostCommand.WrongUsage, exception.Mistakes);
        }
        catch (Exception exception) when (exception is StorageException or StartException or VerificationException { IsMistake: true })
        {
            return HostCommand.Refuse(HostCommand.WrongUsage, exception.Message);
        }
        catch (VerificationException exception)
        {
            System.Console.WriteLine(isJson ? VerificationJson.Write(exception) : VerificationText.Conclusion(exception));
            return HostCommand.CannotSay;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return HostCommand.Refuse(HostCommand.CannotSay, "Stopped before everything was read. Nothing was changed.");
        }
    }

    // The client says why it can't connect, which a reader only waits for. A broker that is away is the verification's to name.
    private static async Task ReachAsync(KafkaSettings kafka)
    {
        try
        {
            await KafkaStartCheck.ReachAsync(kafka);
        }
        catch (StartException exception) when (!exception.IsMistake)
        {
            // It is tried once more, for longer.
        }
    }

    private (VerificationRequest Request, KafkaSettings Kafka) Request(ParseResult parsed)
    {
        var node = NodeConfiguration.Read(ConfigurationSources.Read(parsed.GetValue(_data)));
        if (parsed.GetValue(_from) is { } from && parsed.GetValue(_to) is { } to && from >= to)
            throw new ConfigurationException("--to must be after --from.");
        node.RequireStorage();
        var kafka = Kafka(node);
        var request = VerificationSource.Of(kafka, node.Settings.Storage) with
        {
            Rollup = parsed.GetValue(_rollup),
            Expected = parsed.GetValue(_rollup) is null ? [.. node.Settings.Catalog.Counted.Select(rollup => rollup.Name)] : [],
            From = Milliseconds(parsed.GetValue(_from)),
            Before = Milliseconds(parsed.GetValue(_to)),
        };
        return (request, kafka);
    }

    private static KafkaSettings Kafka(NodeConfiguration node)
    {
        var kafka = node.Settings.Kafka;
        if (!node.IsBrokerEmbedded)
            return kafka;
        return BrokerNote.FindRunning(node.DataDirectory) is { } note
            ? kafka with { BootstrapServers = note.BootstrapServers, StreamIdentity = note.StreamIdentity }
            : throw new VerificationException(
                $"No node with an embedded broker runs in {node.DataDirectory}: the log is gone with its process. Verify while it "
                + "runs, or name the brokers in Pulse:Kafka:BootstrapServers.",
                isMistake: false);
    }

    private static DateTime? Instant(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        // A date alone is its first instant, as in the API.
        if (Iso8601.TryRead(text, out var utc) || Iso8601.TryRead(text + "T00:00", out utc))
            return utc;
        result.AddError($"{result.Argument.Name}: '{text}' is no time; use the form 2026-01-31T12:00Z, or 2026-01-31.");
        return null;
    }

    private static long? Milliseconds(DateTime? time) =>
        time is { } utc ? (utc - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMillisecond : null;
}
