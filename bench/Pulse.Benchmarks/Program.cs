using System.CommandLine;
using Pulse.Benchmarks.Export;

var root = new RootCommand("Pulse's benchmarks. Each prints what it measured, one figure a line.")
{
    ExportCommand.Measure(), ExportCommand.Fake(),
};
return await root.Parse(args).InvokeAsync();
