using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(KafkaFixture))]
[assembly: AssemblyFixture(typeof(PostgresFixture))]
[assembly: TestPipelineStartup(typeof(MachineUse.Alone))]
[assembly: TestCollectionOrderer(typeof(LongestFirst))]
