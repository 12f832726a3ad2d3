using System.Reflection;
using Pulse.Simulator.Processes;

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
        await using var process = ChildProcess.Start("dotnet", [Program, .. arguments]);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Limit);
        var exitCode = await process.ExitAsync(deadline.Token);
        return new BenchmarkRun(exitCode, string.Join('\n', process.Output), string.Join('\n', process.Errors));
    }
}
