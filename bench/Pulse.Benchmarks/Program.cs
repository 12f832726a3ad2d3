using System.CommandLine;
using Pulse.Benchmarks.Export;
using Pulse.Benchmarks.Pipeline;
using Pulse.Benchmarks.Subjects;

var root = new RootCommand("Pulse's benchmarks. Each prints what it measured, one figure a line.")
{
    PipelineCommand.Create(),
    ExportCommand.Measure(),
    ExportCommand.Fake(),
    SubjectProgram.Create(),
};
return await root.Parse(args).InvokeAsync();
