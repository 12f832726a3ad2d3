using Akka.Actor;
using Akka.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Pulse.Actors.Hosting;
using Pulse.Actors.Ingest;
using Pulse.Actors.Live;
using Pulse.Actors.Storage;
using Pulse.Actors.Tests.Storage;
using Pulse.Warehouse;

namespace Pulse.Actors.Tests.Hosting;

/// <summary>A whole node of Pulse in this process; disposing it lets it leave its cluster.</summary>
internal sealed class PulseNode : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private PulseNode(ServiceProvider services) => _services = services;

    public ActorSystem System => _services.GetRequiredService<ActorSystem>();

    public ResultStore Store => _services.GetRequiredService<ResultStore>();

    public IngestStatistics Ingest => _services.GetRequiredService<IngestStatistics>();

    public ReadModel Model => _services.GetRequiredService<ReadModel>();

    public RollupReader Reader => _services.GetRequiredService<RollupReader>();

    /// <summary>What its parts share.</summary>
    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>As a seed node of others.</summary>
    public string Address => Cluster.Get(System).SelfAddress.ToString();

    public static async Task<PulseNode> StartAsync(PulseSettings settings, IWarehouse warehouse)
    {
        var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<IHostApplicationLifetime, EndlessLifetime>()
            .AddPulse(settings, warehouse)
            .BuildServiceProvider();
        await services.GetRequiredService<NodeStorage>()
            .PrepareAsync(settings.Rules, CancellationToken.None);
        foreach (var service in services.GetServices<IHostedService>())
            await service.StartAsync(CancellationToken.None);
        var node = new PulseNode(services);
        // Who asks a founder that is not up yet asks again only after a long time-out.
        if (settings.Cluster.SeedNodes.IsEmpty)
            await Until.TrueAsync(() => Cluster.Get(node.System).SelfMember.Status == MemberStatus.Up);
        return node;
    }

    /// <summary>The next message of a kind on the node's event stream.</summary>
    public Task<T> NextAsync<T>()
    {
        var found = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var listener = System.ActorOf(Props.Create(() => new Listener<T>(found)));
        System.EventStream.Subscribe(listener, typeof(T));
        return found.Task;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>())
            await service.StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
    }

    private sealed class Listener<T> : ReceiveActor
    {
        public Listener(TaskCompletionSource<T> found) => Receive<T>(message => found.TrySetResult(message));
    }

    private sealed class EndlessLifetime : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication()
        {
        }
    }
}
