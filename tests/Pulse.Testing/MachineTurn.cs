using Xunit.Sdk;
using Xunit.v3;

namespace Pulse.Testing;

/// <summary>
/// Test projects that run whole nodes, browsers or benchmarks use the machine one after another: the runner starts
/// several projects side by side, and limits that a quiet machine keeps would say nothing. Use it as the assembly's
/// <see cref="TestPipelineStartupAttribute"/>. The turn ends with the process, however that ends.
/// </summary>
public sealed class MachineTurn : ITestPipelineStartup
{
    private static readonly string File = Path.Combine(Path.GetTempPath(), $"pulse-tests-{Environment.UserName}.lock");
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private FileStream? _turn;

    /// <summary>Waits until no other such project runs.</summary>
    public async ValueTask StartAsync(IMessageSink diagnosticMessageSink)
    {
        while ((_turn = TryTake()) is null)
            await Task.Delay(Interval);
    }

    /// <summary>Lets the next one go on.</summary>
    public ValueTask StopAsync() => _turn?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static FileStream? TryTake()
    {
        try
        {
            return new FileStream(File, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
