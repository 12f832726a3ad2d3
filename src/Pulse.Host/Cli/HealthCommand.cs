using System.CommandLine;
using System.Net;
using Pulse.Host.Configuration;

namespace Pulse.Host.Cli;

/// <summary>
/// <c>health</c>: asks a running node whether it is ready. For container health checks, whose images have no HTTP client.
/// </summary>
internal sealed class HealthCommand
{
    // Below the time that the image's health check allows.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly Option<string?> _url = new("--url")
    {
        Description = "The node's dashboard [default: the configured port on this machine]",
        HelpName = "URL",
    };

    public HealthCommand()
    {
        Command = new Command("health", "Ask a running node whether it is ready: exit code 0 if it is, 1 if not")
        {
            _url,
        };
        Command.SetAction((parsed, stop) => ExecuteAsync(parsed.GetValue(_url), stop));
    }

    public Command Command { get; }

    private static async Task<int> ExecuteAsync(string? url, CancellationToken stop)
    {
        try
        {
            var node = url is null
                ? NodeAddress.Configured(NodeConfiguration.Read(ConfigurationSources.Read()).Http)
                : NodeAddress.Given(url);
            var ready = new Uri(node, PulseApplication.ReadyPath);
            if (await ProblemAsync(ready, stop) is not { } problem)
            {
                System.Console.WriteLine("ready");
                return HostCommand.Done;
            }

            System.Console.Error.WriteLine($"{ready}: {problem}");
            return HostCommand.Failed;
        }
        catch (ConfigurationException exception)
        {
            foreach (var mistake in exception.Mistakes)
                System.Console.Error.WriteLine(mistake);
            return HostCommand.WrongUsage;
        }
    }

    private static async Task<string?> ProblemAsync(Uri ready, CancellationToken stop)
    {
        using var client = NodeAddress.NewClient(Patience);
        try
        {
            using var answer = await client.GetAsync(ready, stop);
            return answer.StatusCode switch
            {
                HttpStatusCode.OK => null,
                HttpStatusCode.ServiceUnavailable =>
                    "the node is not ready; /api/status says whether it has joined the cluster and reaches storage and Kafka.",
                var other => $"answered {(int)other}, as no node of Pulse does.",
            };
        }
        catch (Exception exception) when (NodeAddress.IsNoAnswer(exception))
        {
            return $"no answer ({exception.GetBaseException().Message}). Does the node run, and on this port?";
        }
        catch (TaskCanceledException) when (!stop.IsCancellationRequested)
        {
            return $"no answer within {Patience.TotalSeconds} seconds.";
        }
    }
}
