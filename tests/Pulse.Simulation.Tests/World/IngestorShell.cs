using Pulse.Counting;
using Pulse.Simulation.Tests.Mutations;

namespace Pulse.Simulation.Tests.World;

/// <summary>Reads one partition in one process: carries messages and effects for its tally, as the ingest side does.</summary>
/// <remarks>
/// The rules of the shell, which the ingest side must keep too.
/// <list type="number">
/// <item>A session starts at the committed offset as the broker gives it back. It has a number of its own; answers that
/// name another are ignored.</item>
/// <item>A bucket that is met is sent <c>Open(p, committed)</c>, again after a while until it answers.</item>
/// <item>An acceptance names the bucket's position, and covers every delta up to there.</item>
/// <item>A commit: send all deltas, begin, send <c>Persist</c> to the buckets that the tally names, again after a while
/// until they answer; when all have, commit; a refused or unanswered commit is given up, and its late answer ignored.
/// </item>
/// <item>A drain commits the committed offset again: a zombie's commit may have taken the group's offset back, which is
/// harmless to the counts, but a drain would wait for ever.</item>
/// <item><c>Rejected</c>: the deltas that lead on from the bucket's position are sent again after <c>Open</c>, once until
/// answers have been awaited long enough; where none does, the session ends, and the next starts with a new tally.</item>
/// </list>
/// </remarks>
internal sealed class IngestorShell
{
    private readonly SimulatedWorld _world;
    private readonly KeyTally?[] _keys;
    private readonly HashSet<(int Bucket, long To)> _unaccepted = [];
    private readonly HashSet<int> _sentSinceCommit = [];
    private long _session;
    private long _commitRequest;

    public IngestorShell(SimulatedWorld world, int process, PartitionLog log)
    {
        _world = world;
        _keys = new KeyTally?[world.Space.KeyCount];
        Process = process;
        Log = log;
        Tally = null!;
        Restart();
    }

    public int Process { get; }

    public PartitionLog Log { get; }

    public PartitionTally Tally { get; private set; }

    public int UnacceptedCount => _unaccepted.Count;

    /// <summary>Starts the next session.</summary>
    public void Restart()
    {
        var committed = _world.Broker.Read(Log, _world.Occurs(Faults.BrokerFaults, 30), _world.Random);
        if (committed != _world.Broker.Committed(Log))
            _world.See(Sighting.LaggingCommitRead);
        if (_session > 0)
            _world.See(Sighting.SessionRestarted);
        if (_world.Mutation == Mutation.RestartsAtItsPosition && _session > 0)
            committed = Tally.Position;
        Tally = new PartitionTally(Log.Partition, committed);
        _session = _world.NextNumber();
        _commitRequest = 0;
        Array.Clear(_keys);
        _unaccepted.Clear();
        _sentSinceCommit.Clear();
        _world.Say($"{this} starts at {committed}");
    }

    /// <summary>Counts the next records.</summary>
    public void Read(int records)
    {
        for (var index = Log.IndexAt(Tally.Position); records > 0 && index < Log.RecordCount; index++, records--)
        {
            var (offset, keys, window) = Log.Records[index];
            foreach (var key in keys)
                Tally.Count(TallyOf(key), window == KeySpace.Late ? null : KeySpace.Window(window), offset);
            Tally.Advance(offset + 1);
        }

        if (records > 0)
            Tally.Advance(Log.End);
        foreach (var bucket in Tally.TakeBucketsToOpen())
            SendOpen(bucket);
    }

    /// <summary>Sends what was counted.</summary>
    public void Flush()
    {
        foreach (var (bucket, delta) in Tally.TakeDeltas())
        {
            var number = _world.Space.NumberOf(bucket);
            _unaccepted.Add((number, delta.To));
            _sentSinceCommit.Add(number);
            _world.Say($"{this} sends {delta.From}..{delta.To} to {bucket.EntityId}");
            Send(bucket, new DeltaMessage(Log, _session, delta));
        }
    }

    public void Commit()
    {
        if (Tally.IsCommitting || !Tally.HasUncommitted)
            return;
        Flush();
        var requests = Tally.BeginCommit();
        if (Tally.IsCommitting)
            _world.Say($"{this} begins a commit below {Tally.Position}");
        foreach (var request in requests)
        {
            if (_world.Mutation == Mutation.CommittedBeforeDurable
                || (_world.Mutation == Mutation.SkippedBucketsAreNotAsked
                    && !_sentSinceCommit.Contains(_world.Space.NumberOf(request.Bucket))))
                Tally.Persisted(request.Bucket, request.UpTo);
            else
                Send(request.Bucket, new PersistMessage(Log, _session, request.UpTo));
        }

        if (Tally.IsCommitting)
            _sentSinceCommit.Clear();
        CommitIfReady();
    }

    /// <summary>A zombie may have taken the group's offset back; where a drain waits for it, it is said again.</summary>
    public void CommitAgain()
    {
        if (!Tally.HasUncommitted)
            _world.SendCommit(this, _session, request: -1, Tally.Committed);
    }

    /// <summary>Answers have been awaited long enough.</summary>
    public void Resend()
    {
        Tally.MaySendAgain();
        foreach (var bucket in Tally.BucketsStillOpening())
            SendOpen(bucket);
        foreach (var request in Tally.UnansweredPersists())
        {
            if (_world.Mutation == Mutation.UnansweredPersistCounts)
                Tally.Persisted(request.Bucket, request.UpTo);
            else
                Send(request.Bucket, new PersistMessage(Log, _session, request.UpTo));
        }

        if (_commitRequest > 0)
        {
            _world.Say($"{this} gives its commit up");
            _commitRequest = 0;
            Tally.CommitFailed();
        }
    }

    public void Handle(Message message)
    {
        if (message.Session != _session && _world.Mutation != Mutation.SessionsAreNotTold)
            return;
        switch (message)
        {
            case OpenedMessage opened:
                if (opened.Position > Tally.Position)
                    _world.See(Sighting.EventsSkippedAsCounted);
                Tally.Opened(_world.Space.Bucket(opened.Bucket), opened.Position);
                break;
            case AcceptedMessage accepted:
                Accept(accepted);
                break;
            case RejectedMessage rejected when _world.Mutation != Mutation.RejectionIsIgnored:
                Reject(rejected);
                break;
            case PersistedMessage persisted:
                Tally.Persisted(_world.Space.Bucket(persisted.Bucket), persisted.Position);
                CommitIfReady();
                break;
            case CommitAnswer answer:
                Finish(answer);
                break;
        }

        _world.Auditor.Session(this);
    }

    public override string ToString() => $"session {_session} of {Log.Partition} in process {Process}";

    private void Accept(AcceptedMessage accepted)
    {
        ForgetAccepted(accepted.Bucket, accepted.To);
        Tally.Accepted(_world.Space.Bucket(accepted.Bucket), accepted.To);
    }

    private void Reject(RejectedMessage rejected)
    {
        var bucket = _world.Space.Bucket(rejected.Bucket);
        if (Tally.Rejected(bucket, rejected.Position) is not { } again)
        {
            Restart();
            return;
        }

        ForgetAccepted(rejected.Bucket, Math.Max(rejected.Position, Tally.Committed));
        if (again.Count > 0)
            SendOpen(bucket);
        foreach (var delta in again)
        {
            _world.See(Sighting.SentAgain);
            _world.Say($"{this} sends {delta.From}..{delta.To} to {bucket.EntityId} again");
            Send(bucket, new DeltaMessage(Log, _session, delta));
        }
    }

    private void ForgetAccepted(int bucket, long position) =>
        _unaccepted.RemoveWhere(delta => delta.Bucket == bucket && delta.To <= position);

    private void CommitIfReady()
    {
        if (_commitRequest > 0 || Tally.CommittableOffset is not { } offset)
            return;
        if (_world.Mutation == Mutation.CommittedPastWaitingEvents)
            offset = Tally.Position;
        _commitRequest = _world.NextNumber();
        _world.SendCommit(this, _session, _commitRequest, offset);
    }

    private void Finish(CommitAnswer answer)
    {
        if (answer.Request != _commitRequest)
        {
            if (_world.Mutation == Mutation.SessionsAreNotTold && Tally.CommittableOffset is not null)
                Tally.CommitSucceeded();
            return;
        }

        _commitRequest = 0;
        if (answer.Succeeded)
            Tally.CommitSucceeded();
        else
            Tally.CommitFailed();
    }

    private KeyTally TallyOf(int key) =>
        _keys[key] ??= Tally.Key(_world.Space.Bucket(_world.Space.BucketOf(key)), _world.Space.Key(key));

    private void SendOpen(BucketId bucket) => Send(bucket, new OpenMessage(Log, _session, Tally.Committed));

    private void Send(BucketId bucket, Message message) =>
        _world.Network.Send(Process, SimulatedWorld.NodeOf(_world.Space.NumberOf(bucket)), message);
}
