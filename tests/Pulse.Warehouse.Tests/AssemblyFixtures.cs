using Pulse.Testing;

[assembly: AssemblyFixture(typeof(PostgresFixture))]
