using Akka.Actor;
using Akka.Cluster.Tools.Singleton;
using Pulse.Actors.Coordination;
using Pulse.Actors.Hosting;

namespace Pulse.Host.Dashboard;

/// <summary>Asks the coordinator, wherever in the cluster it runs. Many askers cost it one question a second.</summary>
internal sealed class Exports(ActorSystem system) : IDisposable
{
    private const string Coordinator = "coordinator";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _gate = new(1);
    private readonly Lazy<IActorRef> _proxy = new(() => system.ActorOf(
        ClusterSingletonProxy.Props(
            $"/user/{Coordinator}",
            ClusterSingletonProxySettings.Create(system).WithSingletonName(Coordinator).WithRole(NodeRole.Bucket)),
        "exports"));

    private ExportState? _state;
    private long _askedAt = long.MinValue / 2;

    /// <summary>The state, at most a second old; null while the coordinator does not answer.</summary>
    public async Task<ExportState?> StateAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (Environment.TickCount64 - _askedAt < Age.TotalMilliseconds)
                return _state;
            _state = await AskAsync(cancellationToken);
            _askedAt = Environment.TickCount64;
            return _state;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private async Task<ExportState?> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _proxy.Value.Ask<ExportState>(GetExportState.Instance, Patience, cancellationToken);
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }
}
