using System.CommandLine;

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

    private readonly SimulationOptions simulation = new();

    private readonly Option<bool> noComplete = new("--no-complete")
    {
        Description = "Send no completion event at the end",
    };

    private readonly Option<bool> transactional = new("--transactional")
    {
        Description = "Produce in transactions, so that --truth is exact for readers of committed records also where a broker is killed",
    };

    internal SimulatorCommand(Func<SimulatorOptions, string?, CancellationToken, Task<int>> execute)
    {
        Root = new RootCommand(
            "Produces viewing events to Kafka, each confirmed, and then the completion event. Everything random "
            + "derives from the seed. Ctrl-C flushes and tells how many were delivered.\n\n"
            + "Exit codes: 0 every produced event was delivered, 1 failed, 2 wrong usage.")
        {
            bootstrapServers, topic, completionTopic,
        };
        simulation.AddTo(Root);
        Root.Options.Add(noComplete);
        Root.Options.Add(transactional);
        Root.SetAction((parsed, cancellation) => execute(ToOptions(parsed), simulation.TruthFile(parsed), cancellation));
    }

    internal RootCommand Root { get; }

    internal SimulatorOptions ToOptions(ParseResult parsed) => simulation.Read(parsed, new SimulatorOptions
    {
        BootstrapServers = parsed.GetValue(bootstrapServers)!,
        Topic = parsed.GetValue(topic)!,
        CompletionTopic = parsed.GetValue(completionTopic)!,
        Complete = !parsed.GetValue(noComplete),
        Transactional = parsed.GetValue(transactional),
    });
}
