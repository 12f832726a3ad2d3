using System.CommandLine;
using Pulse.Benchmarks.Cardinality;
using Pulse.Benchmarks.Dashboards;
using Pulse.Benchmarks.Export;
using Pulse.Benchmarks.Freshness;
using Pulse.Benchmarks.Pipeline;
using Pulse.Benchmarks.Recovery;
using Pulse.Benchmarks.Subjects;

var root = new RootCommand("Pulse's benchmarks. Each prints what it measured, one figure a line.")
{
    PipelineCommand.Create(),
    CardinalityCommand.Create(),
    RecoveryCommand.Create(),
    ExportCommand.Measure(),
    ExportCommand.Fake(),
    SubjectProgram.Create(),
    DashboardsCommand.Create(),
    FreshnessCommand.Create(),
};
try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (InvalidOperationException failure)
{
    await Console.Error.WriteLineAsync(failure.Message);
    return 1;
}
