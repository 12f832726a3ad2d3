using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;

namespace Pulse.Actors.Hosting;

/// <summary>
/// Compares this node's settings with those of the cluster's oldest member as soon as it knows of it, and refuses to go
/// on where they differ: the one who comes gives way, so that a mistake never takes a cluster down.
/// </summary>
public sealed class ClusterEntrance : ReceiveActor
{
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly Dictionary<UniqueAddress, Member> _members = [];
    private readonly ImmutableArray<string> _own;
    private readonly Action<string> _refuse;

    /// <summary>Makes the entrance.</summary>
    /// <param name="settings">The node's.</param>
    /// <param name="refuse">Is given one line that says what differs and what to do; must end the node.</param>
    public ClusterEntrance(PulseSettings settings, Action<string> refuse)
    {
        _own = ClusterAgreement.RolesOf(settings);
        _refuse = refuse;
        Receive<ClusterEvent.MemberRemoved>(removed => _members.Remove(removed.Member.UniqueAddress));
        Receive<ClusterEvent.IMemberEvent>(changed =>
        {
            _members[changed.Member.UniqueAddress] = changed.Member;
            Compare();
        });
    }

    /// <inheritdoc />
    protected override void PreStart() => _cluster.Subscribe(
        Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));

    /// <inheritdoc />
    protected override void PostStop() => _cluster.Unsubscribe(Self);

    // The oldest is the cluster's own word; younger ones may be about to be refused themselves.
    private void Compare()
    {
        var up = _members.Values.Where(member => member.Status == MemberStatus.Up).ToList();
        if (up.Count == 0)
            return;
        var oldest = up.Aggregate((one, other) => other.IsOlderThan(one) ? other : one);
        if (ClusterAgreement.Difference(_own, oldest.Roles) is { } difference)
            _refuse($"This node can't join the cluster of {oldest.Address.Host}:{oldest.Address.Port}: they differ in "
                + $"{difference}. Start it with the cluster's settings, or stop all nodes and start them with the new ones.");
    }
}
