using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;

namespace Pulse.Actors.Hosting;

/// <summary>
/// Joins the cluster by the seed nodes, and where that does not come about says what is in the way: which of them does not answer, and what
/// the two sides call differently. It goes on trying, since whoever is awaited may still come.
/// </summary>
internal sealed class ClusterSearch : ReceiveActor, IWithTimers
{
    // Above the time after which the first seed node founds a cluster by itself, so that an ordinary start is not told as a problem.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(8);

    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly ClusterSettings _settings;
    private readonly SeedDiagnosis _diagnosis;
    private ImmutableArray<Address> _seeds;
    private int _looks;
    private string? _told;

    /// <summary>Makes the actor, which waits for <see cref="Begin"/>.</summary>
    /// <param name="settings">Names the seed nodes; without any, the node is a cluster of its own.</param>
    public ClusterSearch(ClusterSettings settings)
    {
        _settings = settings;
        _diagnosis = new SeedDiagnosis(Context.System, _cluster.SelfAddress);
        _seeds = [.. settings.SeedNodes.Select(Address.Parse)];
        Receive<Begin>(_ => Start());
        Receive<Found>(found => Join(found.Seeds));
        Receive<Look>(_ => _diagnosis.AskAsync(_seeds).PipeTo(Self, success: problems => new Told(problems)));
        Receive<Told>(Tell);
        Receive<Joined>(_ => End());
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private void Start()
    {
        if (_seeds.IsEmpty)
        {
            _cluster.Join(_cluster.SelfAddress);
            Context.Stop(Self);
            return;
        }

        var self = Self;
        _cluster.RegisterOnMemberUp(() => self.Tell(Joined.Instance));
        OwnSeeds.NameAsync(_cluster.SelfAddress, _seeds).PipeTo(Self, success: seeds => new Found(seeds));
    }

    private void Join(ImmutableArray<Address> seeds)
    {
        _seeds = seeds;
        _cluster.JoinSeedNodes(seeds.Distinct());
        // It founds a cluster where nobody has, and does not wait for anybody beyond that.
        var isFirst = seeds[0].Equals(_cluster.SelfAddress);
        Timers.StartSingleTimer(Look.Instance, Look.Instance, isFirst ? _settings.SeedNodeTimeout + Patience : Patience);
    }

    private void Tell(Told told)
    {
        // Who is a member, if not yet a full one, has found the others.
        if (_cluster.SelfMember.Status == MemberStatus.Removed)
            Tell(told.Problems);
        Timers.StartSingleTimer(Look.Instance, Look.Instance, Interval);
    }

    private void Tell(ImmutableArray<SeedProblem> problems)
    {
        // Seed nodes that are there and have no cluster yet may be about to found one.
        var isDoubtful = problems.All(problem => problem.IsThere);
        if (isDoubtful && _looks++ == 0)
            return;
        var line = $"This node finds no cluster. It is '{_cluster.SelfAddress.Host}:{_cluster.SelfAddress.Port}' (Pulse:Cluster:Hostname, "
            + $"Pulse:Cluster:Port). {string.Join(" ", problems.Select(problem => problem.Text))} It goes on trying.";
        if (line == _told)
            return;
        _told = line;
        _log.Warning("{0}", line);
    }

    private void End()
    {
        if (_told is not null)
            _log.Info("This node has found the cluster.");
        Context.Stop(Self);
    }

    /// <summary>Asks to join.</summary>
    internal sealed class Begin
    {
        /// <summary>The only one.</summary>
        public static Begin Instance { get; } = new();
    }

    private sealed class Look
    {
        public static Look Instance { get; } = new();
    }

    private sealed class Joined
    {
        public static Joined Instance { get; } = new();
    }

    private sealed record Found(ImmutableArray<Address> Seeds);

    private sealed record Told(ImmutableArray<SeedProblem> Problems);
}
