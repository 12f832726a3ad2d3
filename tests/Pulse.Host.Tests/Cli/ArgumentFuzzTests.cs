using System.CommandLine;
using System.Text;
using Pulse.Host.Cli;
using Pulse.Simulator;
using Pulse.Simulator.Cli;
using Pulse.Testing.Fuzzing;

namespace Pulse.Host.Tests.Cli;

/// <summary>Whatever is on the command line, an argument a line here: something that can be done, or a line for each mistake.</summary>
public sealed class ArgumentFuzzTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly string[] Words =
    [
        "run", "verify", "status", "export", "rebuild", "accept-cut", "accept-stream", "demo", "health", "--help", "--version", "--data", "--port", "--events", "--rate", "--duration",
        "--endless", "--seed", "--start", "--speed-up", "--skew", "--late", "--out-of-order", "--fast-clock", "--bad", "--truth", "--from", "--to", "--json", "--rollup", "--partition",
        "--yes", "--nodes", "--url", "--date", "-n", "-r", "-d", "-s", "\n", "=", ":", "--", "NaN", "1e999", "1e300", "9223372036854775807", "2026-01-31", "9999-12-31T23:59:59Z", "500ms",
        "1h30m", "[suggest]", "@x",
    ];

    [Fact]
    public async Task Arguments_are_understood_or_refused_by_name()
    {
        var outcomes = await Fuzzer.RunAsync(FuzzTarget.Arguments, "arguments", Words, Judge);

        Assert.Contains("understood, simulated", outcomes);
        Assert.Contains("refused, refused", outcomes);
    }

    private static string Judge(byte[] input)
    {
        // Files of arguments are read, whatever they are.
        string[] arguments = [.. Encoding.UTF8.GetString(input).Split('\n').Where(argument => !argument.StartsWith('@'))];
        var (parsed, mistakes) = HostCommand.Parse(arguments);
        Assert.All(mistakes, line => Assert.False(string.IsNullOrWhiteSpace(line)));
        return $"{(mistakes.Count > 0 ? "refused" : "understood")}, {Simulation([.. parsed.Tokens.Select(token => token.Value).Where(token => token != "run" && !token.StartsWith('['))])}";
    }

    private static string Simulation(string[] arguments)
    {
        var options = new SimulationOptions();
        var command = new RootCommand();
        options.AddTo(command);
        var parsed = command.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            Assert.All(parsed.Errors, error => Assert.False(string.IsNullOrWhiteSpace(error.Message)));
            return "refused";
        }

        // Help, a version or suggestions, whatever else is there.
        if (parsed.Action is not null)
            return "told";
        var simulator = options.Read(parsed, new SimulatorOptions());
        var mistakes = simulator.Validate(Now);
        Assert.All(mistakes, line => Assert.StartsWith("--", line, StringComparison.Ordinal));
        Assert.True(mistakes.Count > 0 || simulator.TotalRecords is null or >= 0, $"{simulator.TotalRecords} records");
        return mistakes.Count > 0 ? "refused" : "simulated";
    }
}
