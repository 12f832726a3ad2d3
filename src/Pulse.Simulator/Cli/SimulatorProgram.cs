using System.Globalization;
using System.Runtime.InteropServices;
using Pulse.Simulator.Generation;
using Pulse.Simulator.Producing;
using Spectre.Console;

namespace Pulse.Simulator.Cli;

/// <summary>The command from arguments to exit code. Writes results to one writer and mistakes to the other.</summary>
internal sealed class SimulatorProgram(TextWriter output, TextWriter errors, bool terminal)
{
    internal const int Done = 0;
    internal const int Failed = 1;
    internal const int WrongUsage = 2;

    internal async Task<int> RunAsync(string[] arguments, CancellationToken cancellation)
    {
        var command = new SimulatorCommand(ExecuteAsync);
        var parsed = command.Root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
                await errors.WriteLineAsync(error.Message);
            await errors.WriteLineAsync("See --help.");
            return WrongUsage;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        return await parsed.InvokeAsync(
            new()
            {
                Output = output,
                Error = errors,
                EnableDefaultExceptionHandler = false,
                // Signals are handled here, so that the flush has the time that it needs.
                ProcessTerminationTimeout = null,
            },
            stop.Token);

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private async Task<int> ExecuteAsync(SimulatorOptions options, string? truthFile, CancellationToken cancellation)
    {
        var now = DateTimeOffset.UtcNow;
        var mistakes = options.Validate(now);
        if (mistakes.Count > 0)
        {
            foreach (var mistake in mistakes)
                await errors.WriteLineAsync(mistake);
            return WrongUsage;
        }

        try
        {
            // Opened first: a run of an hour must not end with a file that cannot be written.
            await using var truth = truthFile is null ? null : OpenTruth(truthFile);
            var start = new RecordTimes(options, now).Start;
            await output.WriteLineAsync(
                $"Producing to '{options.Topic}' at {options.BootstrapServers}, seed {options.Seed}, "
                + $"start {start.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)}.");
            var fixedTimes = options with { Start = start };
            var result = await ConsoleProgress.ShowAsync(
                fixedTimes,
                AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) }),
                terminal,
                progress => new SimulatorRun(fixedTimes, progress: progress).RunAsync(cancellation));
            return await ConcludeAsync(result, truth, truthFile);
        }
        catch (SimulatorException failure)
        {
            await errors.WriteLineAsync(failure.Message);
            return Failed;
        }
        catch (Exception failure) when (failure is DllNotFoundException or TypeInitializationException)
        {
            await errors.WriteLineAsync(
                $"Kafka's native client librdkafka cannot be loaded on this machine: {failure.Message.ReplaceLineEndings(" ")}");
            return Failed;
        }
        catch (IOException failure)
        {
            await errors.WriteLineAsync($"Cannot write the results: {failure.Message}");
            return Failed;
        }
        catch (OperationCanceledException)
        {
            await output.WriteLineAsync("Stopped before the first event.");
            return Done;
        }
    }

    private async Task<int> ConcludeAsync(SimulatorResult result, FileStream? truth, string? truthFile)
    {
        var seconds = Math.Max(result.Elapsed.TotalSeconds, 0.001);
        await output.WriteLineAsync(
            $"{(result.Interrupted ? "Stopped: " : "")}{result.Delivered:N0} of {result.Produced:N0} produced events "
            + $"delivered in {seconds:N1} s ({result.Delivered / seconds:N0}/s)"
            + (result.Truth.Malformed > 0 ? $", {result.Truth.Malformed:N0} of them malformed" : "")
            + (result.Truth.Ahead > 0 ? $", {result.Truth.Ahead:N0} too far ahead." : "."));
        if (result.Failure is { } failure)
            await errors.WriteLineAsync(failure);
        else if (!result.Interrupted)
            await output.WriteLineAsync("*** DATA SIMULATION COMPLETED ***");

        if (truth is not null && result.Delivered == result.Produced)
        {
            result.Truth.Write(truth);
            await output.WriteLineAsync($"Truth: {truthFile}");
        }
        else if (truth is not null)
        {
            await errors.WriteLineAsync($"{truthFile} is left empty: with undelivered events the counts are not known.");
        }

        return result.ExitCode;
    }

    private static FileStream OpenTruth(string file)
    {
        try
        {
            return new FileStream(file, FileMode.Create, FileAccess.Write);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new SimulatorException($"--truth: cannot write '{file}' ({failure.Message})", failure);
        }
    }
}
