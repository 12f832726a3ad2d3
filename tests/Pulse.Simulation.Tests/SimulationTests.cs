using System.Diagnostics;
using Pulse.Simulation.Tests.Mutations;
using Pulse.Simulation.Tests.Running;
using Pulse.Simulation.Tests.World;

namespace Pulse.Simulation.Tests;

public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int Seeds = 3000;
    private const int SeedsPerMutation = 2000;

    public static TheoryData<string> Mutations =>
        [.. Enum.GetNames<Mutation>().Except([nameof(Mutation.None), nameof(Mutation.LedgerDoubleAsItShouldBe)])];

    [Fact]
    public void Counting_is_exact_in_every_seeded_world()
    {
        var watch = Stopwatch.StartNew();
        var steps = 0L;
        for (var seed = 0; seed < Seeds; seed++)
        {
            var run = SimulationRun.Of(WorldSettings.FromSeed(seed));
            steps += run.Steps;
            if (run.Failure is not null)
                Assert.Fail(FailureReport.Of(run));
        }

        output.WriteLine($"{Seeds} seeds, {steps} steps in {watch.Elapsed.TotalSeconds:N1} s");
    }

    [Theory]
    [MemberData(nameof(Mutations))]
    public void Each_mistake_in_the_protocol_is_caught(string mutationName)
    {
        var mutation = Enum.Parse<Mutation>(mutationName);
        var failed = FirstFailure(mutation, SeedsPerMutation);

        Assert.True(failed is not null, $"{mutation} was not caught within {SeedsPerMutation} seeds");
        output.WriteLine($"{mutation}: caught by seed {failed.Settings.Seed} at step {failed.Steps}: {failed.Failure}");
    }

    [Fact]
    public void The_ledger_double_is_right_where_it_has_no_mistake()
    {
        var failed = FirstFailure(Mutation.LedgerDoubleAsItShouldBe, SeedsPerMutation);

        Assert.Null(failed?.Failure);
    }

    private static SimulationRun? FirstFailure(Mutation mutation, int seeds) =>
        Enumerable.Range(0, seeds)
            .Select(seed => SimulationRun.Of(WorldSettings.FromSeed(seed), mutation))
            .FirstOrDefault(run => run.Failure is not null);
}
