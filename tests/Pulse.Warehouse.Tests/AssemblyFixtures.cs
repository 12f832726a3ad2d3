using Pulse.Testing;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(PostgresFixture))]
[assembly: TestPipelineStartup(typeof(MachineUse.Shared))]
