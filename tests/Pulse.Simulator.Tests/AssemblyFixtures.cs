using Pulse.Testing;
using Pulse.Testing.Kafka;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(KafkaFixture))]
[assembly: TestPipelineStartup(typeof(MachineUse.Shared))]
