using Pulse.Simulator.Processes;
using Pulse.Testing;

namespace Pulse.Coverage.Tests;

/// <summary>
/// Runs <see cref="ShippedMachinesTests"/> in a process of its own, watched by Coverlet. Coverlet rewrites the assemblies that it
/// watches, so it gets a copy of them.
/// </summary>
public sealed class WatchedSimulation : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly DirectoryInfo _copy = Directory.CreateTempSubdirectory("pulse-coverage-");

    internal IReadOnlyList<Branch> Branches { get; private set; } = [];

    /// <inheritdoc />
    public async ValueTask InitializeAsync()
    {
        Copy(AppContext.BaseDirectory, _copy.FullName);
        var results = _copy.CreateSubdirectory("results");
        await using var run = ChildProcess.Start(
            "dotnet",
            [
                Path.Combine(_copy.FullName, "Pulse.Coverage.Tests.dll"), "--filter-class", typeof(ShippedMachinesTests).FullName!,
                "--coverlet", "--results-directory", results.FullName,
            ],
            // What the runner tells this process is not meant for the other one.
            new ChildProcessOptions { IsHidden = variable => variable.StartsWith("TESTINGPLATFORM_", StringComparison.Ordinal) });
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Limit);
        var exitCode = await run.ExitAsync(deadline.Token);

        Assert.True(exitCode == 0, $"The watched simulation failed:\n{string.Join('\n', run.Output.Concat(run.Errors))}");
        Branches = BranchReport.Read(Assert.Single(results.GetFiles("*.json")).FullName);
        Tell();
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        _copy.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    // Of the parts as well that have no bar: what only pages, refusals and very long logs need is not of the simulation's world.
    private void Tell()
    {
        var figures = Branches.Where(branch => branch.Folder is "Ingest" or "Checkpoints").GroupBy(branch => branch.Type)
            .Select(type => $"{type.Key} {type.Count(branch => branch.IsTaken)} of {type.Count()}");
        RunReport.Add($"Branches that the simulation takes: {string.Join(", ", figures)}");
    }

    private static void Copy(string from, string to)
    {
        foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
    }
}
