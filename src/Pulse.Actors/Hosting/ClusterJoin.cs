using Akka.Actor;
using Akka.Persistence;

namespace Pulse.Actors.Hosting;

/// <summary>
/// Has the cluster joined once the journal has answered a first question. A node that joins is given buckets at once, which
/// wait for their recovery with everything that is counted in them; and the first recovery of a process takes seconds.
/// </summary>
internal sealed class ClusterJoin : ReceivePersistentActor
{
    private readonly IActorRef _search;

    /// <summary>Makes the actor, which stops when it has done so.</summary>
    /// <param name="search">The <see cref="ClusterSearch"/>.</param>
    public ClusterJoin(IActorRef search)
    {
        _search = search;
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

    private void Join() => _search.Tell(ClusterSearch.Begin.Instance);
}
