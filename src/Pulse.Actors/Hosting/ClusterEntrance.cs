using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;

namespace Pulse.Actors.Hosting;

/// <summary>
/// Compares this node's settings with those of the members that were there before it, as soon as it knows of them, and
/// refuses to go on where they differ. The younger node gives way, so that a mistake never takes a cluster down.
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

    private void Compare()
    {
        var self = _members.GetValueOrDefault(_cluster.SelfUniqueAddress);
        foreach (var member in _members.Values.Where(member => WasThereBefore(member, self)))
        {
            if (ClusterAgreement.Difference(_own, member.Roles) is not { } difference)
                continue;
            _refuse($"This node can't join the cluster of {member.Address.Host}:{member.Address.Port}: they differ in "
                + $"{difference}. Start it with the cluster's settings, or stop all nodes and start them with the new ones.");
            return;
        }
    }

    private static bool WasThereBefore(Member member, Member? self) =>
        member.Status is not (MemberStatus.Joining or MemberStatus.WeaklyUp)
        && (self is null || (!member.UniqueAddress.Equals(self.UniqueAddress)
            && (self.Status is MemberStatus.Joining or MemberStatus.WeaklyUp || member.IsOlderThan(self))));
}
