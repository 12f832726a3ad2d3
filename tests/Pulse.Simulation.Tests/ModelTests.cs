using System.Diagnostics;

namespace Pulse.Simulation.Tests;

/// <summary>
/// The exhaustive model of the protocol, where it lies beside the repository: every history of tiny worlds holds, and each of its
/// own mistakes is caught.
/// </summary>
public sealed class ModelTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    [Fact]
    public async Task Every_history_of_the_tiny_worlds_holds()
    {
        // It lies outside the repository, so nothing that changes in here can break it.
        Assert.SkipWhen(
            string.IsNullOrEmpty(Environment.GetEnvironmentVariable("PULSE_TEST_LONG")), "Takes minutes; PULSE_TEST_LONG=1 runs it.");
        var model = Path.Combine(Repository(), "..", "shared", "model", "protocol.py");
        Assert.SkipUnless(File.Exists(model), "The model of the protocol is not beside the repository, in ../shared/model.");

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Limit);
        using var run = Process.Start(new ProcessStartInfo("python3", [model]) { RedirectStandardOutput = true })!;
        try
        {
            var said = await run.StandardOutput.ReadToEndAsync(deadline.Token);
            await run.WaitForExitAsync(deadline.Token);
            output.WriteLine(said);
            Assert.True(run.ExitCode == 0, said);
        }
        finally
        {
            run.Kill(entireProcessTree: true);
        }
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Pulse.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not lie in their repository.");
        return folder.FullName;
    }
}
