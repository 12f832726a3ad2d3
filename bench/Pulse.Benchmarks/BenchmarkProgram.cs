using System.CommandLine;
using Pulse.Benchmarks.Cardinality;
using Pulse.Benchmarks.Checkpoint;
using Pulse.Benchmarks.Dashboards;
using Pulse.Benchmarks.Decode;
using Pulse.Benchmarks.Delivery;
using Pulse.Benchmarks.Export;
using Pulse.Benchmarks.Freshness;
using Pulse.Benchmarks.Pipeline;
using Pulse.Benchmarks.Recovery;
using Pulse.Benchmarks.Subjects;
using Pulse.Benchmarks.Tally;

namespace Pulse.Benchmarks;

/// <summary>The command line from arguments to exit code: 0 done, 1 failed, 2 wrong usage.</summary>
internal static class BenchmarkProgram
{
    private const int Failed = 1;
    private const int WrongUsage = 2;
    private static readonly string[] VerbsWithStream = ["pipeline", "cardinality", "freshness", "recovery", "dashboards"];

    public static async Task<int> RunAsync(string[] arguments)
    {
        var root = new RootCommand(
            "Pulse's benchmarks. Each prints a table of what it measured and writes it as JSON.\n\n"
            + "Exit codes: 0 done, 1 failed, 2 wrong usage.")
        {
            PipelineCommand.Create(),
            DecodeCommand.Create(),
            TallyCommand.Create(),
            DeliveryCommand.Create(),
            CheckpointCommand.Create(),
            CardinalityCommand.Create(),
            FreshnessCommand.Create(),
            RecoveryCommand.Create(),
            DashboardsCommand.Create(),
            ExportCommand.Measure(),
            ExportCommand.Fake(),
            SubjectProgram.Create(),
            BenchmarkBroker.Option,
        };
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            Console.Error.WriteLine($"{Mistake(parsed).TrimEnd('.')}. See --help.");
            return WrongUsage;
        }

        var verb = parsed.CommandResult.Command.Name;
        if (parsed.GetValue(BenchmarkBroker.Option) is not null && !Array.Exists(VerbsWithStream, each => each == verb))
            await Console.Error.WriteLineAsync($"'{verb}' reads no stream; --kafka changes nothing.");
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception failure)
        {
            Console.Error.WriteLine(OneLine(failure));
            return Failed;
        }
    }

    // Where a word is no command, that a command is absent says nothing more.
    private static string Mistake(ParseResult parsed) => parsed.UnmatchedTokens.Count > 0
        ? $"'{parsed.UnmatchedTokens[0]}' is no verb or option"
        : parsed.Errors[0].Message;

    // The fixtures' words for a test runner are not for people.
    private static string OneLine(Exception failure) => failure.Message
        .Replace(Xunit.v3.DynamicSkipToken.Value, "", StringComparison.Ordinal)
        .ReplaceLineEndings(" ");
}
