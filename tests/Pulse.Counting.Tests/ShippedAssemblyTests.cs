using System.Reflection;

namespace Pulse.Counting.Tests;

/// <summary>The assembly that ships is the one that these tests use; the simulation compiles the same sources with mistakes.</summary>
public sealed class ShippedAssemblyTests
{
    private const BindingFlags Everything =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [Fact]
    public void No_mistake_of_the_mutation_tests_is_in_the_assembly_that_ships()
    {
        var types = typeof(BucketCheckpointing).Assembly.GetTypes();

        Assert.Contains(types, type => type.Name == nameof(BucketMemory));
        Assert.DoesNotContain(types.Select(type => type.Name), IsMistake);
        Assert.DoesNotContain(types.SelectMany(type => type.GetMembers(Everything)).Select(member => member.Name), IsMistake);
    }

    private static bool IsMistake(string name) => name.Contains("Mistake", StringComparison.Ordinal);
}
