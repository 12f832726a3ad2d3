using Pulse.Testing;
using Xunit.v3;

[assembly: TestPipelineStartup(typeof(MachineUse.Shared))]
