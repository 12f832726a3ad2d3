using System.Runtime.CompilerServices;
using Pulse.Counting;
using Pulse.Simulation.Tests.Audit;
using Pulse.Simulation.Tests.Mutations;

namespace Pulse.Simulation.Tests.World;

/// <summary>
/// A cluster in one thread: everything that takes time (a message, a write, an answer) waits here until the seed's
/// scheduler lets it happen. The state machines in it are the production ones.
/// </summary>
internal sealed class SimulatedWorld
{
    private const int BrokerNode = -1;

    private readonly List<Action> _effects = [];
    private readonly List<string>? _trace;
    private readonly long[]? _sightings;
    private readonly List<BucketShell>[] _incarnations;
    private readonly Journal[] _journals;
    private readonly Dictionary<(int Process, int Bucket), BucketShell> _routes = [];
    private long _numbers;
    private bool _isHealing;

    public SimulatedWorld(
        WorldSettings settings, Mutation mutation, List<string>? trace, long[]? sightings, bool outcomesOnly)
    {
        _sightings = sightings;
        _trace = trace;
        Settings = settings;
        Mutation = mutation;
        Random = new SeededRandom(settings.Seed);
        Space = new KeySpace(settings);
        Tables = new ResultTables(Space, mutation == Mutation.UpsertOverwrites);
        _incarnations = [.. Enumerable.Range(0, Space.BucketCount).Select(_ => new List<BucketShell>())];
        _journals = [.. Enumerable.Range(0, Space.BucketCount).Select(_ => new Journal())];
        Auditor = new Auditor(this, outcomesOnly);
        MakeTopic();
    }

    public WorldSettings Settings { get; }

    public Mutation Mutation { get; }

    public SeededRandom Random { get; }

    public KeySpace Space { get; }

    public Auditor Auditor { get; }

    public Network Network { get; } = new();

    public Broker Broker { get; } = new();

    public ResultTables Tables { get; }

    /// <summary>The logs of all streams that ever were.</summary>
    public List<PartitionLog> Logs { get; } = [];

    /// <summary>The logs of the topic as it is now, by partition.</summary>
    public IReadOnlyList<PartitionLog> CurrentLogs { get; private set; } = [];

    /// <summary>The ingestor that the group knows for each partition.</summary>
    public IngestorShell[] Owners { get; private set; } = [];

    /// <summary>All ingestors that live: owners, and zombies that go on.</summary>
    public List<IngestorShell> Ingestors { get; } = [];

    public int StepCount { get; set; }

    /// <summary>Whether nothing is under way.</summary>
    public bool IsIdle => Network.IsIdle && _effects.Count == 0;

    public static int NodeOf(int bucket) => 1000 + bucket;

    public long NextNumber() => ++_numbers;

    /// <summary>Whether a fault happens now: it is switched on, nothing heals, and chance has it.</summary>
    public bool Occurs(Faults fault, int percent) => !_isHealing && Settings.Has(fault) && Random.Chance(percent);

    /// <summary>Lets something happen at a later step.</summary>
    public void Later(Action effect) => _effects.Add(effect);

    public ILedger NewLedger()
    {
        return Mutation switch
        {
            Mutation.StreamIdentityIsIgnored => new SingleStreamLedger(new ProductionLedger()),
            >= Mutation.LedgerDoubleAsItShouldBe and <= Mutation.CompleteCheckpointMerges =>
                new LedgerDouble(Mutation),
            _ => new ProductionLedger(),
        };
    }

    public Journal JournalOf(int bucket) => _journals[bucket];

    public IReadOnlyList<BucketShell> IncarnationsOf(int bucket) => _incarnations[bucket];

    /// <summary>Writes a row; false where its number is taken.</summary>
    public bool Insert(int bucket, JournalRow row)
    {
        var isNewest = row.SequenceNumber > _journals[bucket].Highest;
        if (!_journals[bucket].TryInsert(row, fence: Mutation != Mutation.NoFence))
        {
            See(Sighting.RefusedByTheFence);
            return false;
        }

        if (!isNewest)
            See(Sighting.StrayInTheGap);
        if (row.Writer.IsStopped)
            See(Sighting.WriteOfTheDeadLanded);
        Auditor.Landed(bucket, row, isNewest);
        return true;
    }

    public void DeleteBelow(int bucket, long sequenceNumber)
    {
        _journals[bucket].DeleteBelow(sequenceNumber);
        Auditor.JournalChanged(bucket);
    }

    public void SendCommit(IngestorShell shell, long session, long request, long offset) =>
        Later(() =>
        {
            var isRefused = Occurs(Faults.BrokerFaults, 10);
            Say($"the broker {(isRefused ? "refuses" : "takes")} {offset} of {shell.Log.Partition} by session {session}");
            if (isRefused)
            {
                See(Sighting.CommitRefused);
            }
            else
            {
                if (offset < Broker.Committed(shell.Log))
                    See(Sighting.CommitWentBack);
                if (!Owners.Contains(shell))
                    See(Sighting.ZombieCommitted);
                Broker.Commit(shell.Log, offset);
                Auditor.Committed(shell.Log, offset);
            }

            Network.Send(BrokerNode, shell.Process, new CommitAnswer(shell.Log, session, request, !isRefused));
        });

    /// <summary>Delivers a message of some pair, or loses or repeats it.</summary>
    public void Deliver()
    {
        if (Network.IsIdle)
            return;
        var channel = Network.Pick(Random);
        if (channel.To >= NodeOf(0) && HandingOff(channel) is { } leaving)
        {
            // The shard's buffer: on to the next incarnation behind everything else, or lost.
            var passed = Network.Take(channel);
            Say($"{leaving} is leaving and {passed.GetType().Name} waits or is lost");
            if (_isHealing || Random.Chance(50))
                Network.Send(channel.From, channel.To, passed);
            return;
        }

        var isRepeated = Occurs(Faults.RepeatedMessages, 6);
        var message = isRepeated ? channel.Messages[0] : Network.Take(channel);
        if (isRepeated && Random.Chance(50))
            Network.Send(channel.From, channel.To, message);
        if (Occurs(Faults.LostMessages, 4))
        {
            Say($"lost: {message}");
            return;
        }

        if (channel.To >= NodeOf(0))
        {
            Route(channel.From, channel.To - NodeOf(0)).Handle(channel.From, message);
            return;
        }

        for (var index = Ingestors.Count - 1; index >= 0; index--)
        {
            if (Ingestors[index].Process == channel.To && Ingestors[index].Log == message.Log)
                Ingestors[index].Handle(message);
        }
    }

    /// <summary>Lets some effect happen that is under way.</summary>
    public void LetEffectHappen()
    {
        if (_effects.Count == 0)
            return;
        var index = Random.Below(_effects.Count);
        var effect = _effects[index];
        _effects[index] = _effects[^1];
        _effects.RemoveAt(_effects.Count - 1);
        effect();
    }

    public BucketShell StartIncarnation(int bucket)
    {
        var shell = new BucketShell(this, bucket, (int)NextNumber());
        _incarnations[bucket].Add(shell);
        Say($"{shell} starts beside {_incarnations[bucket].Count - 1} others");
        return shell;
    }

    public void Stopped(BucketShell shell)
    {
        _incarnations[shell.Bucket].Remove(shell);
        Network.Disturb(NodeOf(shell.Bucket), Occurs(Faults.HandOffs, 50), Random);
    }

    /// <summary>Some process talks to another incarnation from now on.</summary>
    public void Reroute(int process, int bucket)
    {
        if (_incarnations[bucket].Count > 0)
            _routes[(process, bucket)] = Random.Pick(_incarnations[bucket]);
    }

    /// <summary>Gives a partition to a process. The old ingestor stops, or does not hear of it.</summary>
    public void Assign(int partition, int process, bool leavesZombie)
    {
        if (!leavesZombie)
            Ingestors.Remove(Owners[partition]);
        Say($"{CurrentLogs[partition].Partition} goes to process {process}{(leavesZombie ? ", a zombie stays" : "")}");
        Owners[partition] = new IngestorShell(this, process, CurrentLogs[partition]);
        Ingestors.Add(Owners[partition]);
    }

    /// <summary>The topic is there under another identity, empty; ingestors of the old one stay as zombies.</summary>
    public void MakeTopic()
    {
        var generation = Logs.Count / Settings.Partitions;
        CurrentLogs = [.. Enumerable.Range(0, Settings.Partitions).Select(partition => new PartitionLog(
            Logs.Count + partition, new StreamPartition($"topic-{generation}", partition), Space.BucketCount))];
        Logs.AddRange(CurrentLogs);
        Say($"the topic is made for the {generation + 1}. time");
        if (generation > 0)
            See(Sighting.TopicMadeAgain);
        Owners = [.. CurrentLogs.Select(log => new IngestorShell(this, log.Partition.Partition % Settings.Processes, log))];
        Ingestors.AddRange(Owners);
    }

    /// <summary>No faults from now on; zombies and second incarnations end.</summary>
    public void BeginHealing()
    {
        Say($"faults end");
        _isHealing = true;
        Ingestors.Clear();
        Ingestors.AddRange(Owners);
        foreach (var incarnations in _incarnations)
        {
            while (incarnations.Count > 1)
                Random.Pick(incarnations).Crash("split brain resolved");
        }
    }

    public void See(Sighting sighting)
    {
        if (_sightings is not null)
            _sightings[(int)sighting]++;
    }

    /// <summary>Writes a line of the trace; costs nothing where none is kept.</summary>
    public void Say([InterpolatedStringHandlerArgument("")] TraceLine line)
    {
        if (_trace is not null)
            _trace.Add($"{StepCount,5}  {line.ToString()}");
    }

    private BucketShell? HandingOff(Network.Channel channel) =>
        Route(channel.From, channel.To - NodeOf(0)) is { IsHandingOff: true } shell ? shell : null;

    private BucketShell Route(int process, int bucket)
    {
        if (_routes.TryGetValue((process, bucket), out var shell) && !shell.IsStopped)
            return shell;
        var incarnations = _incarnations[bucket];
        return _routes[(process, bucket)] =
            incarnations.Count > 0 ? Random.Pick(incarnations) : StartIncarnation(bucket);
    }

    [InterpolatedStringHandler]
    internal readonly ref struct TraceLine
    {
        private readonly System.Text.StringBuilder? _text;

        public TraceLine(int literalLength, int formattedCount, SimulatedWorld world, out bool isKept)
        {
            isKept = world._trace is not null;
            _text = isKept ? new System.Text.StringBuilder(literalLength + formattedCount * 8) : null;
        }

        public void AppendLiteral(string literal) => _text!.Append(literal);

        public void AppendFormatted<T>(T value) => _text!.Append(value);

        public override string ToString() => _text?.ToString() ?? "";
    }
}
