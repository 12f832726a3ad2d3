using Pulse.Testing;
using Pulse.Testing.Kafka;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(KafkaFixture))]
[assembly: AssemblyFixture(typeof(PostgresFixture))]
[assembly: TestPipelineStartup(typeof(MachineUse.Shared))]
