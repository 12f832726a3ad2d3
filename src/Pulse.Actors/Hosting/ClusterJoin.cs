using Akka.Actor;
using Akka.Cluster;
using Akka.Persistence;

namespace Pulse.Actors.Hosting;

/// <summary>
/// Joins the cluster once the journal has answered a first question. A node that joins is given buckets at once, which
/// wait for their recovery with everything that is counted in them; and the first recovery of a process takes seconds.
/// </summary>
internal sealed class ClusterJoin : ReceivePersistentActor
{
    private readonly ClusterSettings _settings;

    /// <summary>Makes the actor, which stops when it has joined.</summary>
    /// <param name="settings">Names the seed nodes; without any, the node is a cluster of its own.</param>
    public ClusterJoin(ClusterSettings settings)
    {
        _settings = settings;
        Recover<RecoveryCompleted>(_ =>
        {
            Join();
            Context.Stop(Self);
        });
    }

    // Nothing is ever stored under this name.
    /// <inheritdoc />
    public override string PersistenceId => "cluster-join";

    /// <inheritdoc />
    public override Recovery Recovery { get; } = new(SnapshotSelectionCriteria.None);

    // Storage that is away is said, and waited for, elsewhere.
    /// <inheritdoc />
    protected override void OnRecoveryFailure(Exception reason, object? message = null) => Join();

    private void Join()
    {
        var cluster = Cluster.Get(Context.System);
        if (_settings.SeedNodes.IsEmpty)
            cluster.Join(cluster.SelfAddress);
        else
            cluster.JoinSeedNodes(_settings.SeedNodes.Select(Address.Parse));
    }
}
