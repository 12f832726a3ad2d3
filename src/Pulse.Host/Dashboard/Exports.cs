using System.Collections.Immutable;
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

    // Another round may have begun meanwhile: then there are fewer.
    private async Task<ImmutableArray<DateProgress>> AllAsync(ExportState state, CancellationToken cancellationToken)
    {
        var dates = state.Dates.ToBuilder();
        while (dates.Count < state.DateCount)
        {
            var next = await _proxy.Value.Ask<ExportDates>(new GetExportDates(dates.Count), Patience, cancellationToken);
            if (next.Dates.IsEmpty)
                break;
            dates.AddRange(next.Dates);
        }

        return dates.ToImmutable();
    }

    private async Task<ExportState?> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            var state = await _proxy.Value.Ask<ExportState>(GetExportState.Instance, Patience, cancellationToken);
            return state with { Dates = await AllAsync(state, cancellationToken) };
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }
}
