using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;
using Pulse.Benchmarks.Reporting;

namespace Pulse.Benchmarks.Micro;

/// <summary>Measures the methods of a class with BenchmarkDotNet, in this process.</summary>
/// <param name="eventsPerCall">How many events one call of a method handles.</param>
/// <param name="quick">Whether it is enough that everything runs.</param>
internal sealed class MicroBenchmark(int eventsPerCall, bool quick)
{
    /// <summary>Measures every method.</summary>
    /// <typeparam name="T">The class.</typeparam>
    /// <returns>One subject for each method, by its description, in the order of their declaration.</returns>
    public IReadOnlyList<Subject> Run<T>()
    {
        var log = new AccumulationLogger();
        var directory = Directory.CreateTempSubdirectory("pulse-benchmark-").FullName;
        var summary = BenchmarkRunner.Run<T>(Configuration(log).WithArtifactsPath(directory));
        Directory.Delete(directory, recursive: true);
        if (summary.Reports.IsEmpty || summary.Reports.Any(report => !report.Success))
        {
            throw new InvalidOperationException(
                $"BenchmarkDotNet could not measure {typeof(T).Name}: {FirstError(log.GetLog())}");
        }

        return [.. summary.Reports.Select(ToSubject)];
    }

    private ManualConfig Configuration(AccumulationLogger log)
    {
        var job = Job.Default.WithToolchain(InProcessEmitToolchain.DontLogOutput).WithClock(new ProcessorClock())
            .WithEvaluateOverhead(false);
        job = quick
            ? job.WithWarmupCount(1).WithIterationCount(2).WithInvocationCount(1).WithUnrollFactor(1)
            : job.WithWarmupCount(15).WithIterationCount(11).WithIterationTime(TimeInterval.FromMilliseconds(100));
        return ManualConfig.CreateEmpty()
            .AddJob(job)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddLogger(log)
            .WithOptions(ConfigOptions.DisableLogFile | ConfigOptions.DisableOptimizationsValidator);
    }

    private Subject ToSubject(BenchmarkReport report)
    {
        double[] nanoseconds =
        [
            .. report.GetResultRuns().Select(run => run.Nanoseconds / run.Operations / eventsPerCall),
        ];
        var allocated = report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? 0;
        return new Subject(
            report.BenchmarkCase.Descriptor.WorkloadMethodDisplayInfo.Trim('\''),
            [
                new("CPU, ns/event", nanoseconds),
                new("events/s of one processor", [.. nanoseconds.Select(each => 1e9 / each)]),
                new("allocated, bytes/event", (double)allocated / eventsPerCall),
            ]);
    }

    private static string FirstError(string log) =>
        log.Split('\n').FirstOrDefault(line => line.Contains("Exception", StringComparison.Ordinal))?.Trim() ?? "see its rules";
}
