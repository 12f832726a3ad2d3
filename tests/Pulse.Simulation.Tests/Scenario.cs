using System.Runtime.CompilerServices;
using Pulse.Counting;
using Pulse.Simulation.Tests.Broker;
using Pulse.Simulation.Tests.Cluster;
using Pulse.Simulation.Tests.Database;
using Pulse.Simulation.Tests.Proof;

namespace Pulse.Simulation.Tests;

/// <summary>
/// A broker, a database, and nodes on which the product's own machines run, with everything that is under way between
/// them. It can do any one thing; <see cref="Running.ScenarioScheduler"/> says which.
/// </summary>
internal sealed class Scenario
{
    // By bytes a little earlier than by cells, where some of them are gaps.
    public static readonly CheckpointLimits BucketLimits = new(EarlyCheckpointCells: 4, MaximumUnstoredCells: 6, OldStreams: 1)
    {
        EarlyCheckpointBytes = 4 * CheckpointLimits.BytesPerCell, MaximumUnstoredBytes = 6 * CheckpointLimits.BytesPerCell,
    };

    /// <summary>What a node may hold that is not stored: more than one bucket may, and less than two.</summary>
    public const long NodeBytes = 8 * CheckpointLimits.BytesPerCell;

    public static readonly SessionLimits SessionLimits = new(DeltaBytes: 300, BytesUnderWay: 2_000, DeltasPerBucketUnderWay: 3);

    private readonly List<string>? _trace;
    private readonly long[]? _sightings;
    private long _lastSession;

    public Scenario(ScenarioSettings settings, DatabaseMistake mistake, List<string>? trace, long[]? sightings)
    {
        (Settings, Mistake, _trace, _sightings) = (settings, mistake, trace, sightings);
        Random = new SeededRandom(settings.Seed);
        Broker = new SimulatedBroker(settings.Partitions);
        Declarations = [.. Enumerable.Range(0, settings.Versions).Select(number => new Declaration(number, BucketsOf(number), shift: 0))];
        OlderDeclarations = [.. Enumerable.Range(0, settings.Versions).Select(number => new Declaration(number, BucketsOf(number), shift: 1))];
        RaisedDeclarations = [new Declaration(0, BucketsOf(0), shift: 2), .. Declarations.Skip(1)];
        BucketIds = [.. Declarations.SelectMany(each => Enumerable.Range(0, each.Version.Buckets).Select(each.Version.Bucket))];
        Database = new SimulatedDatabase(BucketIds.Length, mistake);
        Network = new MessageNetwork(Random);
        Nodes = [.. Enumerable.Range(0, settings.Nodes).Select(number => new SimulatedNode(number))];
        Buckets = [.. BucketIds.Select(_ => new List<BucketActor>())];
        Sessions = [.. Broker.CurrentLogs.Select(_ => new List<SessionActor>())];
        CutSaid = new bool[settings.Partitions];
        Auditor = new ScenarioAuditor(this);
        Watch = new HistoryWatch(this);
        Statements = new DatabaseQueue(this);
        Questions = new BrokerQuestions(this);
    }

    public ScenarioSettings Settings { get; }

    public DatabaseMistake Mistake { get; }

    public SeededRandom Random { get; }

    public SimulatedBroker Broker { get; }

    public SimulatedDatabase Database { get; }

    public MessageNetwork Network { get; }

    /// <summary>Statements that the database has not executed yet.</summary>
    public DatabaseQueue Statements { get; }

    /// <summary>Questions that the broker has not answered yet.</summary>
    public BrokerQuestions Questions { get; }

    public ScenarioAuditor Auditor { get; }

    public HistoryWatch Watch { get; }

    public IReadOnlyList<Declaration> Declarations { get; }

    public IReadOnlyList<Declaration> OlderDeclarations { get; }

    /// <summary>Those that count once the first version was raised.</summary>
    public IReadOnlyList<Declaration> RaisedDeclarations { get; }

    public BucketId[] BucketIds { get; }

    public List<SimulatedNode> Nodes { get; }

    /// <summary>The living incarnations of each bucket; the newest comes last, and gets most messages.</summary>
    public List<BucketActor>[] Buckets { get; }

    /// <summary>The living sessions of each partition; the newest comes last.</summary>
    public List<SessionActor>[] Sessions { get; }

    /// <summary>Partitions whose log a session found cut. They are read no more.</summary>
    public bool[] CutSaid { get; }

    public int StepCount { get; set; }

    public bool IsQuiet => Network.IsIdle && Statements.IsEmpty && Questions.IsEmpty;

    /// <summary>Whether a bucket's version is the one that can be raised.</summary>
    public bool CanBeRaised(int bucket) => bucket < Declarations[0].Version.Buckets;

    public Declaration DeclarationOf(int bucket, bool isRaised = false) =>
        (isRaised ? RaisedDeclarations : Declarations)[CanBeRaised(bucket) ? 0 : 1];

    public bool IsTraced => _trace is not null;

    public void Say([InterpolatedStringHandlerArgument("")] TraceLine what) => _trace?.Add($"{StepCount,5}  {what.ToString()}");

    public void See(History history)
    {
        if (_sightings is not null)
            _sightings[(int)history]++;
        _trace?.Add($"{StepCount,5}    ({history})");
    }

    public void Start(int bucket, SimulatedNode node)
    {
        Say($"{BucketIds[bucket]} starts on {node}");
        Buckets[bucket].Add(new BucketActor(this, bucket, node));
    }

    public void StartSession(int partition, SimulatedNode node, bool isOlder)
    {
        // A client that is opened asks what the topic is.
        var session = new SessionActor(
            this,
            new StreamPartition(Broker.Current, partition),
            node,
            isOlder ? OlderDeclarations : node.IsRaised ? RaisedDeclarations : Declarations,
            ++_lastSession);
        Say($"{session} starts{(isOlder ? ", by an older declaration" : "")}");
        Sessions[partition].Add(session);
    }

    /// <summary>A node that knows another declaration than the database ends, and starts again with that one.</summary>
    public void Restart(SimulatedNode node)
    {
        if (node.IsRaised == Database.IsRaised)
            return;
        Say($"{node} starts again with the declaration of the database");
        End(node);
        node.IsRaised = Database.IsRaised;
    }

    /// <summary>All that lives on a node ends.</summary>
    public void End(SimulatedNode node)
    {
        foreach (var bucket in Buckets.SelectMany(each => each).Where(each => each.Node == node).ToList())
            Remove(bucket);
        foreach (var sessions in Sessions)
            sessions.RemoveAll(each => each.Node == node);
    }

    public void Remove(BucketActor bucket)
    {
        Buckets[bucket.Bucket].Remove(bucket);
        bucket.Machine.Leave();
    }

    public void Remove(SessionActor session) => Sessions[session.Partition].Remove(session);

    /// <summary>Delivers a message, if one arrives.</summary>
    public void Deliver()
    {
        switch (Network.Take())
        {
            case SimulatedMessage.Ask each when Receiver(each.Bucket) is { } bucket:
                Say($"{bucket} is asked by {each.Session}");
                bucket.Tell(() => bucket.Machine.Ask(each.Partition, each.Version, each.Session));
                break;
            case SimulatedMessage.Counts each when Receiver(each.Bucket) is { } bucket:
                Say($"{bucket} gets {each.Content.From}–{each.Content.To} of {each.Content.Partition} by {each.Session}: {string.Join(", ", each.Content.Counts)}");
                bucket.Tell(() => bucket.Machine.Apply(each.Content, each.Session));
                break;
            case SimulatedMessage.Empties each when Receiver(each.Bucket) is { } bucket:
                Say($"{bucket} gets empty deltas: {string.Join(", ", each.Deltas)}");
                bucket.Tell(() => bucket.Machine.Apply(each.Deltas, each.Version));
                break;
            case SimulatedMessage.Answer each when Asker(each.Content) is { } session:
                Say($"{session} hears {each.Content.Kind} from {each.Content.Bucket} at {each.Content.Position}");
                Auditor.Hears(session, each.Content);
                Watch.Hears(session, () => session.Tell(() => session.Machine.Answered(each.Content)));
                break;
            case SimulatedMessage.Reply each:
                each.Happens();
                break;
        }
    }

    /// <summary>The sessions of a node tick together, and their empty deltas go together.</summary>
    public void Tick(SimulatedNode node)
    {
        List<SessionActor> sessions = [.. Sessions.SelectMany(each => each).Where(each => each.Node == node)];
        foreach (var session in sessions)
            session.Tell(session.Machine.Tick);
        SendEmpties(sessions);
    }

    /// <summary>A session reads no more and waits for its buckets.</summary>
    public void Drain(SessionActor session)
    {
        Say($"{session} drains");
        session.Tell(session.Machine.Drain);
        SendEmpties([session]);
    }

    /// <summary>The database or the broker answers a bucket, if it is alive then.</summary>
    public void Reply(BucketActor bucket, Action answer) => Network.Send(new SimulatedMessage.Reply(bucket.Node, () =>
    {
        if (!Buckets[bucket.Bucket].Contains(bucket))
            return;
        Say($"{bucket} hears of the database or the broker, in {bucket.Machine.Phase}");
        answer();
    }));

    /// <summary>The broker, the consumer or the session itself tells a session something, if it is alive then.</summary>
    public void Reply(SessionActor session, Action answer) => Network.Send(new SimulatedMessage.Reply(session.Node, () =>
    {
        if (Sessions[session.Partition].Contains(session))
            answer();
    }));

    private void SendEmpties(IReadOnlyList<SessionActor> sessions)
    {
        var empties = sessions.SelectMany(session => session.Empties).GroupBy(each => (each.Bucket, each.Version)).ToList();
        foreach (var group in empties)
            Network.Send(new SimulatedMessage.Empties(group.Key.Bucket, group.Key.Version, [.. group.Select(each => each.Delta)]));
        foreach (var session in sessions)
            session.Empties.Clear();
    }

    // Mostly the newest incarnation; a zombie now and then, as long as a node believes that it is the one.
    private BucketActor? Receiver(BucketId id)
    {
        List<BucketActor> awake = [.. Buckets[Array.IndexOf(BucketIds, id)].Where(each => !each.Node.IsAsleep)];
        if (awake.Count == 0)
            return null;
        return Random.Chance(75) ? awake[^1] : Random.Pick(awake);
    }

    private SessionActor? Asker(BucketAnswer answer) => Sessions[answer.Partition.Partition]
        .Find(each => each.Machine.Id.Incarnation == answer.Session.Incarnation && !each.Node.IsAsleep);

    private int BucketsOf(int version) => version == 0 ? Settings.Buckets : 1;
}
