using System.Globalization;
using Pulse.Verification;
using Spectre.Console;

namespace Pulse.Host.Cli;

/// <summary>Shows how far the log is read, on the error stream and only where that is a terminal.</summary>
internal sealed class VerificationProgressBar(ProgressTask task) : IProgress<VerificationProgress>
{
    /// <summary>Shows it while something runs.</summary>
    public static async Task<T> ShowWhileAsync<T>(Func<IProgress<VerificationProgress>?, Task<T>> run)
    {
        if (System.Console.IsErrorRedirected)
            return await run(null);

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(System.Console.Error) });
        return await console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context => run(new VerificationProgressBar(context.AddTask("reading"))));
    }

    /// <inheritdoc />
    public void Report(VerificationProgress value)
    {
        task.MaxValue = Math.Max(1, value.Total);
        task.Value = value.Read;
        task.Description = string.Create(CultureInfo.InvariantCulture, $"{task.Speed ?? 0:N0} events/s");
    }
}
