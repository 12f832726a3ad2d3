using System.CommandLine;
using System.Runtime.InteropServices;
using Pulse.Host.Configuration;
using Pulse.Host.Demo;
using Pulse.Simulator.Broker;
using Spectre.Console;

namespace Pulse.Host.Cli;

/// <summary><c>demo</c>: a cluster of processes on this machine that grows, with --kill loses a node, and stays exact.</summary>
internal sealed class DemoCommand
{
    private readonly Option<int> _nodes = new("--nodes")
    {
        Description = $"Node processes, 1 to {DemoOptions.MaximumNodes}; the last one joins while events flow",
        HelpName = "N",
        DefaultValueFactory = _ => 3,
    };

    private readonly Option<long> _events = new("--events", "-n")
    {
        Description = "How many events to count",
        HelpName = "N",
        DefaultValueFactory = _ => 150_000,
    };

    private readonly Option<double> _rate = new("--rate", "-r")
    {
        Description = "Events per second",
        HelpName = "R",
        DefaultValueFactory = _ => 2_500,
    };

    private readonly Option<long> _seed = new("--seed", "-s")
    {
        Description = "The simulator's seed; also decides which node is killed",
        HelpName = "S",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<bool> _kill = new("--kill")
    {
        Description = "Kill a node with SIGKILL while events flow, and start it again",
    };

    private readonly Option<string> _data = new("--data")
    {
        Description = "Directory of the nodes' logs and the warehouse",
        HelpName = "DIR",
        DefaultValueFactory = _ => Path.Combine("pulse-data", "demo"),
    };

    public DemoCommand()
    {
        Command = new Command("demo", "Show a cluster of processes on this machine, and check every count")
        {
            _nodes, _events, _rate, _seed, _kill, _data,
        };
        Command.SetAction((parsed, _) => ExecuteAsync(parsed));
    }

    public Command Command { get; }

    private async Task<int> ExecuteAsync(ParseResult parsed)
    {
        try
        {
            // What nodes would refuse is refused before any of them is started.
            return await ExecuteAsync(parsed, ConfigurationSources.Read());
        }
        catch (ConfigurationException exception)
        {
            return HostCommand.Refuse(HostCommand.WrongUsage, exception.Mistakes);
        }
    }

    private async Task<int> ExecuteAsync(ParseResult parsed, IConfiguration configuration)
    {
        var mistakes = new List<string>();
        var options = new DemoOptions
        {
            Nodes = parsed.GetValue(_nodes),
            Events = parsed.GetValue(_events),
            Rate = parsed.GetValue(_rate),
            Seed = parsed.GetValue(_seed),
            Kill = parsed.GetValue(_kill),
            DataDirectory = ConfiguredPath.Full(parsed.GetValue(_data)!, "--data", mistakes),
            ConnectionString = configuration["Pulse:Storage:ConnectionString"],
        };
        if (Mistake(options) is { } mistake)
            mistakes.Add(mistake);
        if (mistakes.Count > 0)
            return HostCommand.Refuse(HostCommand.WrongUsage, mistakes);

        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            var view = new DemoView(AnsiConsole.Console, !System.Console.IsOutputRedirected);
            bool passed;
            await using (var cluster = await NodeCluster.StartAsync(options))
            {
                var demonstration = new Demonstration(cluster, options, view);
                passed = await view.ShowWhileAsync(cluster, () => demonstration.RunAsync(stop.Token));
            }

            view.WriteConclusion();
            return passed ? HostCommand.Done : HostCommand.Failed;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            System.Console.Error.WriteLine("Stopped; all processes of the demonstration have ended.");
            return HostCommand.Failed;
        }
        catch (Exception exception) when (exception is StartException or EmbeddedBrokerException or InvalidOperationException
            or IOException or UnauthorizedAccessException or Actors.Storage.StorageException)
        {
            System.Console.Error.WriteLine(exception.Message);
            return HostCommand.Failed;
        }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private static string? Mistake(DemoOptions options)
    {
        if (options.Nodes is < 1 or > DemoOptions.MaximumNodes)
            return $"--nodes: {options.Nodes} is not allowed; give 1 to {DemoOptions.MaximumNodes}.";
        if (options is { Kill: true, Nodes: < DemoOptions.NodesToKillOne })
            return $"--kill needs at least {DemoOptions.NodesToKillOne} nodes: of two, the one that is left may be the minority; give --nodes "
                + $"{DemoOptions.NodesToKillOne}.";
        if (options.Events < 1)
            return $"--events: {options.Events} is not allowed; give 1 or more.";
        return options.Rate is > 0 and <= 100_000
            ? null
            : $"--rate: {options.Rate} is not allowed; give more than 0 and at most 100000 events per second.";
    }
}
