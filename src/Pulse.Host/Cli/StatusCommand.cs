using System.CommandLine;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pulse.Host.Access;
using Pulse.Host.Api;
using Pulse.Host.Configuration;
using Pulse.Host.Embedded;

namespace Pulse.Host.Cli;

/// <summary><c>status</c>: asks a running node what it and its cluster do, how far they are behind, and what stands still.</summary>
internal sealed class StatusCommand
{
    private const int RedirectedWidth = 160;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // A node of another version may say less.
    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web) { RespectRequiredConstructorParameters = true };

    private static readonly JsonSerializerOptions Indented = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true,
    };

    private readonly Option<string?> _url = new("--url")
    {
        Description = "A node's dashboard [default: the node that runs in --data, else the configured port on this machine]",
        HelpName = "URL",
    };

    private readonly Option<string?> _data = new("--data")
    {
        Description = "Directory of a node with an embedded broker [default: ./pulse-data]",
        HelpName = "DIR",
    };

    private readonly Option<string?> _key = new("--api-key")
    {
        Description = "The key of the node's API [default: Pulse:Http:ApiKey, which other users of the machine don't see]",
        HelpName = "KEY",
    };

    private readonly Option<bool> _json = new("--json")
    {
        Description = "Print one JSON object: the answer of /api/status, with the verdict and the problems",
    };

    public StatusCommand()
    {
        Command = new Command(
            "status",
            "Ask a running node for nodes, partitions and lag: exit code 0 all well, 1 something stands still or the lag is unknown, "
            + "3 no node answers")
        {
            _url, _data, _key, _json,
        };
        Command.SetAction((parsed, stop) => ExecuteAsync(parsed, stop));
    }

    public Command Command { get; }

    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken stop)
    {
        try
        {
            var node = NodeConfiguration.Read(ConfigurationSources.Read(parsed.GetValue(_data)));
            var address = AddressOf(node, parsed.GetValue(_url));
            var answer = await AskAsync(address, parsed.GetValue(_key) ?? node.Http.ApiKey, stop);
            if (answer.Problem is { } problem)
                return HostCommand.Refuse(answer.ExitCode, $"{address}: {problem}");
            return Print(address, answer.Body, parsed.GetValue(_json));
        }
        catch (ConfigurationException exception)
        {
            return HostCommand.Refuse(HostCommand.WrongUsage, exception.Mistakes);
        }
    }

    private static Uri AddressOf(NodeConfiguration node, string? url) =>
        url is not null ? NodeAddress.Given(url)
        : node.IsBrokerEmbedded && BrokerNote.FindRunning(node.DataDirectory) is { Address: { } running } ? new Uri(running)
        : NodeAddress.Configured(node.Http);

    private static async Task<(int ExitCode, string? Problem, string Body)> AskAsync(Uri address, string? key, CancellationToken stop)
    {
        using var client = NodeAddress.NewClient(Patience);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, StatusEndpoints.Path));
        if (key is not null)
            request.Headers.TryAddWithoutValidation(ApiKeyHandler.Header, key);
        try
        {
            using var answer = await client.SendAsync(request, stop);
            return answer.StatusCode switch
            {
                HttpStatusCode.OK => (HostCommand.Done, null, await answer.Content.ReadAsStringAsync(stop)),
                HttpStatusCode.Unauthorized when key is null =>
                    (HostCommand.WrongUsage, "the node wants a key; give it in Pulse:Http:ApiKey or with --api-key.", ""),
                HttpStatusCode.Unauthorized => (HostCommand.WrongUsage, "the node refuses this key; it is its Pulse:Http:ApiKey.", ""),
                var other => (HostCommand.CannotSay, $"answered {(int)other}, as no node of Pulse does.", ""),
            };
        }
        catch (Exception exception) when (NodeAddress.IsNoAnswer(exception))
        {
            return (HostCommand.CannotSay, $"no answer ({exception.GetBaseException().Message}). Does the node run, and on this port?", "");
        }
        catch (InvalidOperationException)
        {
            return (HostCommand.CannotSay, "the answer names an unknown character set, so it is not from a node of Pulse.", "");
        }
        catch (TaskCanceledException) when (!stop.IsCancellationRequested)
        {
            return (HostCommand.CannotSay, $"no answer within {Patience.TotalSeconds} seconds.", "");
        }
        catch (OperationCanceledException)
        {
            return (HostCommand.CannotSay, "stopped before it answered.", "");
        }
    }

    private static int Print(Uri address, string body, bool isJson)
    {
        try
        {
            var status = JsonSerializer.Deserialize<NodeStatus>(body, Strict) ?? throw new JsonException();
            var problems = StatusProblems.Of(status);
            if (isJson)
                System.Console.WriteLine(WithVerdict(body, problems));
            else
                StatusText.Write(
                    status, problems, address, System.Console.Out,
                    System.Console.IsOutputRedirected ? RedirectedWidth : Math.Max(40, System.Console.WindowWidth - 1));
            return problems.Count == 0 ? HostCommand.Done : HostCommand.Failed;
        }
        catch (JsonException)
        {
            return HostCommand.Refuse(HostCommand.CannotSay, $"{address}: the answer is not that of a node of this version of Pulse.");
        }
    }

    private static string WithVerdict(string body, IReadOnlyList<string> problems)
    {
        var answer = new JsonObject
        {
            ["isWell"] = problems.Count == 0,
            ["problems"] = new JsonArray([.. problems.Select(problem => JsonValue.Create(problem))]),
        };
        foreach (var (name, value) in JsonNode.Parse(body)!.AsObject())
            answer[name] = value?.DeepClone();
        return answer.ToJsonString(Indented);
    }
}
