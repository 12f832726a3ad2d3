using System.Diagnostics;
using Pulse.Counting;
using Pulse.Simulation.Tests.Running;

namespace Pulse.Simulation.Tests;

public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int Seeds = 10_000;

    public static TheoryData<string> AllMistakes => [.. MistakeTable.All];

    [Fact]
    public void The_machines_are_exact_in_every_seeded_scenario_and_the_scenarios_reach_what_they_should()
    {
        var watch = Stopwatch.StartNew();
        var steps = 0L;
        var sightings = new long[Enum.GetValues<History>().Length];
        for (var seed = 0; seed < Seeds; seed++)
        {
            var run = ScenarioRun.Of(ScenarioSettings.FromSeed(seed), sightings: sightings);
            steps += run.Steps;
            if (run.Failure is not null)
                Assert.Fail(ScenarioReport.Of(run));
        }

        output.WriteLine($"{Seeds} seeds, {steps} steps in {watch.Elapsed.TotalSeconds:N1} s");
        foreach (var history in Enum.GetValues<History>())
        {
            output.WriteLine($"{history}: {sightings[(int)history]}");
            Assert.True(sightings[(int)history] > 0, $"{history} never happened in {Seeds} seeds");
        }
    }

    [Theory]
    [MemberData(nameof(AllMistakes))]
    public void Each_mistake_is_caught(string mistake)
    {
        var caught = MistakeTable.FirstFailure(mistake);

        output.WriteLine(MistakeTable.Line(mistake, caught));
        Assert.NotNull(caught);
    }

    [Fact]
    public void There_are_at_least_thirty_mistakes_in_the_machines_themselves() => Assert.True(Mistakes.Names.Count >= 30);

    [Fact]
    public void The_same_seed_gives_the_same_history()
    {
        var (first, second) = (new List<string>(), new List<string>());
        ScenarioRun.Of(ScenarioSettings.FromSeed(7), trace: first);
        ScenarioRun.Of(ScenarioSettings.FromSeed(7), trace: second);

        Assert.NotEmpty(first);
        Assert.Equal(first, second);
    }

    [Fact]
    public void A_failure_is_reported_by_its_seed_with_a_smaller_scenario()
    {
        var failed = MistakeTable.FirstFailure("LessIgnored");
        Assert.NotNull(failed);

        var small = ScenarioShrinker.Shrink(failed, "LessIgnored");
        var report = ScenarioReport.Of(failed, "LessIgnored");

        output.WriteLine(report);
        Assert.Equal(failed.Invariant, small.Invariant);
        Assert.True(small.Settings.Steps < failed.Settings.Steps);
        Assert.Contains($"Seed {failed.Settings.Seed} fails at step {failed.Steps}: {failed.Invariant}", report, StringComparison.Ordinal);
        Assert.Contains($"--first-seed {failed.Settings.Seed} --mistake LessIgnored", report, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "--seeds", "20", "--first-seed", "5")]
    [InlineData(1, "--seeds", "200", "--mistake", "NoEmptyDeltas")]
    [InlineData(2, "--seeds", "0")]
    [InlineData(2, "--seeds", "many")]
    [InlineData(2, "--mistake", "None")]
    public void The_command_line_answers_by_its_exit_code(int exitCode, params string[] arguments) =>
        Assert.Equal(exitCode, ScenarioCommand.Run(arguments));
}
