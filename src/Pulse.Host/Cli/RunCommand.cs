using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Streams;
using Pulse.Host.Configuration;
using Pulse.Simulator;
using Pulse.Simulator.Broker;
using Pulse.Simulator.Cli;

namespace Pulse.Host.Cli;

/// <summary><c>run</c>: one node, and everything embedded that is not configured otherwise.</summary>
internal sealed class RunCommand
{
    private readonly Option<string?> _data = new("--data")
    {
        Description = "Directory of the embedded storage and warehouse [default: ./pulse-data]",
        HelpName = "DIR",
    };

    private readonly Option<int?> _port = new("--port")
    {
        Description = "Port of the dashboard and the API on loopback; 0 = any free one [default: 8080]",
        HelpName = "N",
        CustomParser = Port,
    };

    private readonly Option<bool> _exitOnComplete = new("--exit-on-complete")
    {
        Description = "End after the export that follows the stream's completion",
    };

    private readonly Option<bool> _noSimulator = new("--no-simulator")
    {
        Description = "Start the embedded broker without the simulator",
    };

    private readonly Option<bool> _followInput = new("--follow-input")
    {
        Description = "End at once when standard input closes, as it does when a parent process dies",
        Hidden = true,
    };

    private readonly SimulationOptions _simulation = new();

    public RunCommand()
    {
        Command = new Command("run", "Run a node (the default command)")
        {
            _data, _port, _exitOnComplete, _noSimulator, _followInput,
        };
        _simulation.AddTo(Command);
        Command.SetAction((parsed, _) => ExecuteAsync(parsed));
    }

    public Command Command { get; }

    private async Task<int> ExecuteAsync(ParseResult parsed)
    {
        using var end = new EndRequest();
        if (parsed.GetValue(_followInput))
            EndWithInput();
        try
        {
            var configuration = ConfigurationSources.Read(parsed.GetValue(_data), parsed.GetValue(_port));
            var node = NodeConfiguration.Read(configuration);
            var run = new RunOptions(
                parsed.GetValue(_exitOnComplete), Simulation(parsed, node), _simulation.TruthFile(parsed));
            return await new PulseApplication(node, run, configuration).RunAsync(end.Token);
        }
        catch (ConfigurationException exception)
        {
            return HostCommand.Refuse(HostCommand.WrongUsage, exception.Mistakes);
        }
        catch (Exception exception) when (
            exception is DeclaredOtherwiseException or UnfitDatabaseException or StreamRefusedException or StartException { IsMistake: true })
        {
            return HostCommand.Refuse(HostCommand.WrongUsage, exception.Message);
        }
        catch (Exception exception) when (exception is StorageException or StartException or EmbeddedBrokerException)
        {
            return HostCommand.Refuse(HostCommand.Failed, exception.Message);
        }
    }

    private static int? Port(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= IPEndPoint.MaxPort)
            return port;
        result.AddError($"--port: '{text}' is not allowed; give 0 to {IPEndPoint.MaxPort} (0: any free port).");
        return null;
    }

    private SimulatorOptions? Simulation(ParseResult parsed, NodeConfiguration node)
    {
        var given = _simulation.Given(parsed);
        if (!node.IsBrokerEmbedded || parsed.GetValue(_noSimulator))
        {
            return given.Count == 0
                ? null
                : throw new ConfigurationException(
                    $"{string.Join(", ", given)}: for the embedded simulator, which does not run here; "
                    + "give the option to Pulse.Simulator instead, or leave it out.");
        }

        var options = _simulation.Read(parsed, new SimulatorOptions
        {
            Topic = node.Settings.Kafka.Topic,
            CompletionTopic = node.Settings.Kafka.CompletionTopic,
            BootstrapServers = NodeConfiguration.EmbeddedBrokerPlaceholder,
        });
        var mistakes = options.Validate(DateTimeOffset.UtcNow);
        return mistakes.Count == 0 ? options : throw new ConfigurationException(mistakes);
    }

    private static void EndWithInput() => new Thread(() =>
    {
        while (System.Console.In.Read() >= 0)
        {
            // Nobody talks to it; only the end counts.
        }

        Environment.Exit(HostCommand.Failed);
    })
    {
        IsBackground = true, Name = "pulse-follow-input",
    }.Start();
}
