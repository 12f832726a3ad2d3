using System.Diagnostics;
using Pulse.Simulation.Tests.Mutations;
using Pulse.Simulation.Tests.Running;
using Pulse.Simulation.Tests.World;

namespace Pulse.Simulation.Tests;

public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int Seeds = 10_000;

    public static TheoryData<string> Mistakes => [.. MutationTable.Mistakes.Select(mistake => mistake.ToString())];

    [Fact]
    public void Counting_is_exact_in_every_seeded_world_and_the_worlds_reach_what_they_should()
    {
        var watch = Stopwatch.StartNew();
        var steps = 0L;
        var sightings = new long[Enum.GetValues<Sighting>().Length];
        for (var seed = 0; seed < Seeds; seed++)
        {
            var run = SimulationRun.Of(WorldSettings.FromSeed(seed), sightings: sightings);
            steps += run.Steps;
            if (run.Failure is not null)
                Assert.Fail(FailureReport.Of(run));
        }

        output.WriteLine($"{Seeds} seeds, {steps} steps in {watch.Elapsed.TotalSeconds:N1} s");
        foreach (var sighting in Enum.GetValues<Sighting>())
        {
            output.WriteLine($"{sighting}: {sightings[(int)sighting]}");
            Assert.True(sightings[(int)sighting] > 0, $"{sighting} never happened in {Seeds} seeds");
        }
    }

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Each_mistake_in_the_protocol_is_caught(string mistake)
    {
        var mutation = Enum.Parse<Mutation>(mistake);

        output.WriteLine(MutationTable.Line(mutation));
        Assert.NotNull(MutationTable.FirstFailure(mutation, outcomesOnly: false));
    }

    [Fact]
    public void The_ledger_double_is_right_where_it_has_no_mistake() =>
        Assert.Null(MutationTable.FirstFailure(Mutation.LedgerDoubleAsItShouldBe, outcomesOnly: false)?.Failure);

    [Fact]
    public void The_same_seed_gives_the_same_history()
    {
        var (first, second) = (new List<string>(), new List<string>());
        SimulationRun.Of(WorldSettings.FromSeed(7), trace: first);
        SimulationRun.Of(WorldSettings.FromSeed(7), trace: second);

        Assert.NotEmpty(first);
        Assert.Equal(first, second);
    }

    [Fact]
    public void A_failure_is_reported_by_seed_and_step_with_a_smaller_world()
    {
        var failed = MutationTable.FirstFailure(Mutation.SkippedBucketsAreNotAsked, outcomesOnly: true);
        Assert.NotNull(failed);

        var small = Shrinker.Shrink(failed, Mutation.SkippedBucketsAreNotAsked);
        var report = FailureReport.Of(failed, Mutation.SkippedBucketsAreNotAsked);

        output.WriteLine(report);
        Assert.True(small.Steps < failed.Steps);
        Assert.Equal(failed.Invariant, small.Invariant);
        Assert.Contains($"Seed {failed.Settings.Seed} fails at step {failed.Steps}: durable", report, StringComparison.Ordinal);
        Assert.Contains($"--first-seed {failed.Settings.Seed}", report, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "--seeds", "20", "--first-seed", "5")]
    [InlineData(2, "--seeds", "0")]
    [InlineData(2, "--seeds", "many")]
    [InlineData(2, "--seeds", "1", "--unknown")]
    public void The_command_line_answers_by_its_exit_code(int exitCode, params string[] arguments) =>
        Assert.Equal(exitCode, SimulationCommand.Run(arguments));
}
