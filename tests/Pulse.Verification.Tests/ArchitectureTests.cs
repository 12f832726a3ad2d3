namespace Pulse.Verification.Tests;

/// <summary>The judge shares no code with what it judges.</summary>
public sealed class ArchitectureTests
{
    [Fact]
    public void Verification_knows_no_other_project_of_Pulse_and_no_actor()
    {
        var known = typeof(Verifier).Assembly.GetReferencedAssemblies()
            .Select(each => each.Name!)
            .Where(name => !name.StartsWith("System.", StringComparison.Ordinal) || name == "System.IO.Hashing");

        Assert.Equal(["Confluent.Kafka", "Microsoft.Data.Sqlite", "Npgsql", "System.IO.Hashing"], known.Order(StringComparer.Ordinal));
    }
}
