namespace Pulse.Host;

/// <summary>In place of the host's own, which would end a node in the middle of its start: signals are an <see cref="EndRequest"/>.</summary>
internal sealed class HostLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
