using System.Reflection;
using NetArchTest.Rules;
using Pulse.Actors.Ingest;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Warehouse;

namespace Pulse.Actors.Tests;

/// <summary>The floors of the house: what is below knows nothing of what is above.</summary>
public sealed class ArchitectureTests
{
    private static readonly Assembly Counting = typeof(IngestSession).Assembly;
    private static readonly Assembly Events = typeof(EventDecoder).Assembly;
    private static readonly Assembly Warehouse = typeof(IWarehouse).Assembly;
    private static readonly Assembly Actors = typeof(StreamIngest).Assembly;

    public static TheoryData<string, string[]> Floors { get; } = new()
    {
        { "Serialization", [] },
        { "Storage", [] },
        { "Broker", [] },
        { "Buckets", ["Serialization", "Storage"] },
        { "Ingest", ["Serialization", "Broker", "Buckets", "Storage"] },
        { "Live", ["Serialization", "Broker", "Ingest", "Buckets", "Storage"] },
        { "Coordination", ["Serialization", "Broker", "Ingest", "Storage"] },
        { "Hosting", ["Coordination", "Live", "Broker", "Ingest", "Buckets", "Storage", "Serialization"] },
    };

    [Fact]
    public void Counting_knows_the_runtime_alone_and_the_next_floors_know_counting()
    {
        Assert.Equal([], ReferencesOf(Counting, all: true));
        Assert.Equal(["Pulse.Counting"], ReferencesOf(Events, all: true));
        Assert.Equal(["Pulse.Counting"], ReferencesOf(Warehouse, all: false));
    }

    [Theory]
    [MemberData(nameof(Floors))]
    public void A_folder_of_actors_knows_those_below_it_and_no_other(string folder, string[] below)
    {
        var above = Floors.Select(floor => floor.Data.Item1).Except([folder, .. below])
            .Select(other => $"Pulse.Actors.{other}").ToArray();

        var result = Types.InAssembly(Actors).That().ResideInNamespace($"Pulse.Actors.{folder}")
            .ShouldNot().HaveDependencyOnAny(above).GetResult();

        Assert.True(result.IsSuccessful, string.Join(Environment.NewLine, result.FailingTypes?.Select(type => type.FullName) ?? []));
        // A folder that was renamed would be judged by nobody.
        Assert.NotEmpty(Types.InAssembly(Actors).That().ResideInNamespace($"Pulse.Actors.{folder}").GetTypes());
    }

    [Fact]
    public void Every_type_of_the_actors_is_in_one_of_the_folders()
    {
        var elsewhere = Types.InAssembly(Actors).That().ResideInNamespace("Pulse.Actors").GetTypes()
            .Select(type => type.FullName!.Split('.')[2]).Except(Floors.Select(floor => floor.Data.Item1)).Distinct();

        Assert.Empty(elsewhere);
    }

    private static IEnumerable<string> ReferencesOf(Assembly assembly, bool all) => assembly.GetReferencedAssemblies()
        .Select(each => each.Name!)
        .Where(name => all ? !name.StartsWith("System", StringComparison.Ordinal) : name.StartsWith("Pulse", StringComparison.Ordinal));
}
