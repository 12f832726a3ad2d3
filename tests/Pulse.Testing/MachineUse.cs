using Xunit.Sdk;
using Xunit.v3;

namespace Pulse.Testing;

/// <summary>
/// The runner starts several test projects side by side. A project whose limits only a quiet machine keeps has the machine
/// for itself (<see cref="Alone"/>), and those that would disturb it wait meanwhile (<see cref="Shared"/>). Name one of
/// them in the assembly's <see cref="TestPipelineStartupAttribute"/>. The use ends with the process, however that ends.
/// </summary>
public abstract class MachineUse : ITestPipelineStartup
{
    private static readonly string File = Path.Combine(Path.GetTempPath(), $"pulse-tests-{Environment.UserName}.lock");
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private readonly FileAccess _access;
    private readonly FileShare _share;
    private FileStream? _use;

    private MachineUse(FileAccess access, FileShare share) => (_access, _share) = (access, share);

    /// <summary>Waits until no project is in the way.</summary>
    public async ValueTask StartAsync(IMessageSink diagnosticMessageSink)
    {
        while ((_use = TryTake()) is null)
            await Task.Delay(Interval);
    }

    /// <summary>Lets others go on.</summary>
    public ValueTask StopAsync() => _use?.DisposeAsync() ?? ValueTask.CompletedTask;

    private FileStream? TryTake()
    {
        try
        {
            return new FileStream(File, FileMode.OpenOrCreate, _access, _share);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>No other project runs meanwhile.</summary>
    public sealed class Alone() : MachineUse(FileAccess.ReadWrite, FileShare.None);

    /// <summary>Others of this kind may run meanwhile.</summary>
    public sealed class Shared() : MachineUse(FileAccess.Read, FileShare.Read);
}
