using Pulse.Counting;

namespace Pulse.Coverage.Tests;

/// <summary>
/// The simulation reaches everything that the two machines can do. A branch that it does not take is a history that its world
/// lacks, or one that can't happen and should not be written.
/// </summary>
public sealed class BranchCoverageTests(WatchedSimulation simulation) : IClassFixture<WatchedSimulation>
{
    [Theory]
    [InlineData(nameof(IngestSession))]
    [InlineData(nameof(DeltaBuilder))]
    [InlineData(nameof(KeyTally))]
    [InlineData(nameof(BucketCheckpointing))]
    [InlineData(nameof(BucketMemory))]
    [InlineData(nameof(UnstoredChanges))]
    public void The_simulation_takes_every_branch(string type)
    {
        var branches = simulation.Branches.Where(branch => branch.Type == type).ToList();
        var missed = branches.Where(branch => !branch.IsTaken).ToList();

        Assert.NotEmpty(branches);
        Assert.True(
            missed.Count == 0,
            $"The simulation takes {branches.Count - missed.Count} of {branches.Count} branches of {type}, and never these:\n"
            + string.Join('\n', missed));
    }
}
