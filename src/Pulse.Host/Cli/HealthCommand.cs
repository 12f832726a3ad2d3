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
            var ready = new Uri(url is null ? Configured() : Given(url), PulseApplication.ReadyPath);
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
        // The node is here or named outright; a proxy of the environment is for others.
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })
        {
            Timeout = Patience,
        };
        try
        {
            using var answer = await client.GetAsync(ready, stop);
            return answer.StatusCode switch
            {
                HttpStatusCode.OK => null,
                HttpStatusCode.ServiceUnavailable =>
                    "the node is not ready; /api/status says whether it has joined the cluster and reaches its storage.",
                var other => $"answered {(int)other}, as no node of Pulse does.",
            };
        }
        catch (HttpRequestException exception)
        {
            return $"no answer ({exception.GetBaseException().Message}). Does the node run, and on this port?";
        }
        catch (TaskCanceledException) when (!stop.IsCancellationRequested)
        {
            return $"no answer within {Patience.TotalSeconds} seconds.";
        }
    }

    private static Uri Given(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new ConfigurationException($"--url is '{url}'; use the form http://127.0.0.1:8080.");

    private static Uri Configured()
    {
        var http = NodeConfiguration.Read(ConfigurationSources.Read()).Http;
        if (http.Port == 0)
            throw new ConfigurationException("Pulse:Http:Port is 0, which is another port each time; say with --url where to ask.");
        var address = http.Address.Equals(IPAddress.Any) ? IPAddress.Loopback
            : http.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback
            : http.Address;
        return new Uri($"http://{new IPEndPoint(address, http.Port)}");
    }
}
