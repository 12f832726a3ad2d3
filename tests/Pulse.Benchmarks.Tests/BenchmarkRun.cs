using System.Diagnostics;
using System.Reflection;

namespace Pulse.Benchmarks.Tests;

/// <summary>One run of the benchmarks' program, in a process of its own.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Errors">Its standard error.</param>
internal sealed record BenchmarkRun(int ExitCode, string Output, string Errors)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private static string Program { get; } = typeof(BenchmarkRun).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(each => each.Key == "Pulse.Benchmarks").Value!.Replace('\\', '/');

    /// <summary>Runs it to its end.</summary>
    public static async Task<BenchmarkRun> OfAsync(params IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Program, .. arguments])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Limit);
        try
        {
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var errors = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            return new BenchmarkRun(process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
