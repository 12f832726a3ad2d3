using Pulse.Simulator.Producing;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Pulse.Simulator.Cli;

/// <summary>Shows a run: a bar with rate and time to go on a terminal, a line every five seconds elsewhere.</summary>
internal static class ConsoleProgress
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(5);

    internal static async Task<SimulatorResult> ShowAsync(
        SimulatorOptions options,
        IAnsiConsole console,
        bool terminal,
        Func<IProgress<SimulatorProgress>, Task<SimulatorResult>> run)
    {
        if (!terminal)
            return await run(new PlainLines(console));

        return await console.Progress()
            .Columns(Columns(options))
            .StartAsync(async context =>
            {
                var task = context.AddTask("Producing", maxValue: Math.Max(1, options.TotalRecords ?? 1));
                task.IsIndeterminate = options.TotalRecords is null;
                return await run(new Bar(task));
            });
    }

    private static ProgressColumn[] Columns(SimulatorOptions options) => options.TotalRecords is null
        ? [new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new ElapsedTimeColumn()]
        :
        [
            new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(),
            new TimeLeftColumn(),
        ];

    private sealed class Bar(ProgressTask task) : IProgress<SimulatorProgress>
    {
        public void Report(SimulatorProgress value)
        {
            task.Description = $"{value.Delivered:N0} events, {value.EventsPerSecond:N0}/s";
            if (value.Total is not null)
                task.Value = value.Delivered;
        }
    }

    /// <summary>From the average over the whole run: bursts of confirmations would make it jump.</summary>
    private sealed class TimeLeftColumn : ProgressColumn
    {
        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
        {
            if (task.Value <= 0 || task.ElapsedTime is not { } elapsed)
                return new Text("");
            var left = elapsed * ((task.MaxValue - task.Value) / task.Value);
            return left > TimeSpan.FromDays(1)
                ? new Text($"{left.TotalDays:0.0} days left")
                : new Text($@"{left:hh\:mm\:ss} left");
        }
    }

    private sealed class PlainLines(IAnsiConsole console) : IProgress<SimulatorProgress>
    {
        private TimeSpan next = LineInterval;
        private long deliveredBefore;
        private TimeSpan before;

        public void Report(SimulatorProgress value)
        {
            if (value.Elapsed < next)
                return;
            var rate = (value.Delivered - deliveredBefore) / (value.Elapsed - before).TotalSeconds;
            var total = value.Total is { } count ? $" of {count:N0}" : "";
            console.Profile.Out.Writer.WriteLine($"{value.Delivered:N0}{total} events delivered, {rate:N0}/s");
            (deliveredBefore, before, next) = (value.Delivered, value.Elapsed, value.Elapsed + LineInterval);
        }
    }
}
