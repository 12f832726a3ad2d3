using System.CommandLine;

namespace Pulse.Host.Cli;

/// <summary>The command line from arguments to exit code: 0 done, 1 failed, 2 wrong usage, 3 cannot say.</summary>
internal static class HostCommand
{
    internal const int Done = 0;
    internal const int Failed = 1;
    internal const int WrongUsage = 2;
    internal const int CannotSay = 3;

    public static Task<int> RunAsync(string[] arguments)
    {
        var (parsed, mistakes) = Parse(arguments);
        return mistakes.Count > 0
            ? Task.FromResult(Refuse(WrongUsage, mistakes))
            : parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                // The host handles signals itself, so that it has the time to checkpoint.
                ProcessTerminationTimeout = null,
            });
    }

    /// <summary>What a command line asks for, and a line for each mistake in it.</summary>
    internal static (ParseResult Parsed, IReadOnlyList<string> Mistakes) Parse(string[] arguments)
    {
        var run = new RunCommand();
        var export = new ExportCommand();
        var root = new RootCommand(
            "Pulse counts viewing events exactly while they stream. With nothing configured everything runs in this "
            + "process: broker, storage, simulator, warehouse.\n\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 cannot say (verify, status).")
        {
            run.Command, export.Command, new VerifyCommand().Command, new StatusCommand().Command, new RebuildCommand().Command,
            new AcceptCutCommand().Command, new AcceptStreamCommand().Command, new DemoCommand().Command, new HealthCommand().Command,
        };

        // The default command: "pulse --port 0" is "pulse run --port 0".
        var isRun = arguments.Length == 0
            || (arguments[0].StartsWith('-') && !root.Options.Any(option =>
                option.Name == arguments[0] || option.Aliases.Contains(arguments[0])));
        // No argument stands for a file of arguments: a directory in its place would end in a stack trace.
        var parsed = root.Parse(
            isRun ? [run.Command.Name, .. arguments] : arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        return (parsed, parsed.Errors.Count == 0 ? [] : [.. Mistakes(parsed).Select(message => $"{message.TrimEnd('.')}. See --help.")]);
    }

    /// <summary>Says on the error stream why it can't be done.</summary>
    /// <returns>The exit code.</returns>
    internal static int Refuse(int exitCode, params IReadOnlyList<string> lines)
    {
        foreach (var line in lines)
            System.Console.Error.WriteLine(line);
        return exitCode;
    }

    // Where a word is no command, that a command is absent says nothing more.
    private static IEnumerable<string> Mistakes(ParseResult parsed) => parsed.UnmatchedTokens.Count > 0
        ? parsed.UnmatchedTokens.Select(token => $"'{token}' is no command or option")
        : parsed.Errors.Select(error => error.Message);
}
