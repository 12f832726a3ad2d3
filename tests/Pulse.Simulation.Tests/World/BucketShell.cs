using Pulse.Counting;
using Pulse.Simulation.Tests.Audit;
using Pulse.Simulation.Tests.Mutations;

namespace Pulse.Simulation.Tests.World;

/// <summary>One incarnation of a bucket: carries messages and effects for its ledger, as the bucket's actor does.</summary>
/// <remarks>
/// The rules of the shell, which the actor must keep too.
/// <list type="number">
/// <item>Recovery reads the highest sequence number, then replays all rows up to it. It counts only if the last row
/// replayed has that number: a checkpoint of another incarnation may have deleted rows in between. Else it recovers
/// again. Messages wait meanwhile.</item>
/// <item><c>Open</c> is answered with the position, a delta with <c>Accepted</c> (also a duplicate) or
/// <c>Rejected</c>.</item>
/// <item><c>Persist(p, upTo)</c>: behind it, <c>Rejected</c>; durable past it and published, <c>Persisted</c>; else it
/// is answered once a checkpoint has made that so.</item>
/// <item>A checkpoint, one at a time: take it; write one journal event, under the next sequence number, which the
/// journal must not have; then it is stored. Before anything of it is published, read the highest number, and stop if
/// it is not the one written, for the fence of unique numbers has holes where older events were deleted. Then upsert
/// what is unpublished, with the stored late count, again and again until it succeeds; only then is it published.</item>
/// <item>Once a complete checkpoint is published, the events before it are deleted.</item>
/// <item>Any failure or silence of the journal ends the incarnation. Deltas are taken while a checkpoint is written.
/// </item>
/// <item>Hand-off: publish and checkpoint what is not, then stop.</item>
/// </list>
/// </remarks>
internal sealed class BucketShell
{
    private readonly SimulatedWorld _world;
    private readonly int _number;
    private readonly List<(int From, PersistMessage Request)> _waiting = [];
    private readonly List<(int From, Message Message)> _stash = [];
    private JournalRow? _base;
    private JournalRow? _unconfirmed;
    private Phase _phase;
    private int _publication;
    private bool _isHandingOff;

    public BucketShell(SimulatedWorld world, int bucket, int number)
    {
        _world = world;
        _number = number;
        Bucket = bucket;
        Shadow = new Shadow(world.Space);
        Ledger = world.NewLedger();
        Recover();
    }

    private enum Phase
    {
        Recovering,
        Idle,
        Storing,
        Publishing,
        Stopped,
    }

    public int Bucket { get; }

    public ILedger Ledger { get; private set; }

    /// <summary>What the auditor knows of this incarnation.</summary>
    public Shadow Shadow { get; private set; }

    /// <summary>The number of the last journal event that this incarnation recovered or stored.</summary>
    public long SequenceNumber { get; private set; }

    public bool IsStopped => _phase == Phase.Stopped;

    public bool IsHandingOff => _isHandingOff;

    public bool IsQuiet => _phase == Phase.Idle && Ledger.IsPublished && _waiting.Count == 0;

    /// <summary>Whether the journal holds what this incarnation does not know of, and nothing is under way here.</summary>
    public bool IsSuperseded => _phase == Phase.Idle && Journal.Highest != SequenceNumber;

    private Journal Journal => _world.JournalOf(Bucket);

    public void Handle(int from, Message message)
    {
        if (_phase == Phase.Recovering)
        {
            _stash.Add((from, message));
            return;
        }

        switch (message)
        {
            case OpenMessage open:
                Open(from, open);
                break;
            case DeltaMessage delta:
                Apply(from, delta);
                break;
            case PersistMessage persist:
                Persist(from, persist);
                break;
        }
    }

    /// <summary>The five minutes are over.</summary>
    public void Checkpoint()
    {
        if (_phase != Phase.Idle)
            return;
        if (!Ledger.IsPublished)
            Publish();
        else if (Ledger.HasUnstoredChanges)
            Store();
    }

    public void HandOff()
    {
        _world.See(Sighting.HandedOff);
        _world.Say($"{this} is handed off");
        _isHandingOff = true;
        Continue();
    }

    public void Crash(string reason)
    {
        if (IsStopped)
            return;
        _world.Say($"{this} crashes: {reason}");
        Stop();
    }

    public override string ToString() => $"{_world.Space.Bucket(Bucket).EntityId}/{_number}";

    private void Recover()
    {
        _phase = Phase.Recovering;
        var highest = Journal.Highest;
        _world.Later(() => Replay(highest));
    }

    private void Replay(long highest)
    {
        if (IsStopped)
            return;
        Ledger = _world.NewLedger();
        var rows = Journal.UpTo(highest).ToList();
        if (_world.Mutation == Mutation.RecoveryDropsTheLast && rows.Count > 1)
            rows.RemoveAt(rows.Count - 1);
        else if ((rows.Count == 0 ? 0 : rows[^1].SequenceNumber) != highest)
        {
            _world.See(Sighting.RecoveredAgain);
            _world.Say($"{this} recovers again: rows up to #{highest} were deleted meanwhile");
            Recover();
            return;
        }

        foreach (var row in rows)
            Ledger.Recover(row.Checkpoint);
        _base = rows.Count == 0 ? null : rows[^1];
        SequenceNumber = highest;
        Shadow = _base?.Shadow.Copy() ?? new Shadow(_world.Space);
        _phase = Phase.Idle;
        _world.Say($"{this} recovered {rows.Count} checkpoints up to #{highest}");
        _world.Auditor.Recovered(this, _base);
        foreach (var (from, message) in _stash)
            Handle(from, message);
        _stash.Clear();
        Continue();
    }

    private void Open(int from, OpenMessage open)
    {
        var before = Ledger.Position(open.Log.Partition);
        var position = Ledger.Open(open.Log.Partition, open.Committed);
        _world.Say($"{this} opens {open.Log.Partition} for session {open.Session} at {position}");
        _world.Auditor.Opened(this, open.Log, before, position);
        Answer(from, new OpenedMessage(open.Log, open.Session, Bucket, position));
    }

    private void Apply(int from, DeltaMessage message)
    {
        var delta = message.Delta;
        var outcome = Ledger.Apply(delta);
        _world.Say($"{this} takes {delta.Partition} {delta.From}..{delta.To} of session {message.Session}: {outcome}");
        if (outcome != DeltaOutcome.Applied)
            _world.See(outcome == DeltaOutcome.Rejected ? Sighting.RejectedDelta : Sighting.DuplicateDelta);
        else if (_phase == Phase.Storing)
            _world.See(Sighting.DeltaWhileStoring);
        if (outcome == DeltaOutcome.Applied)
            _world.Auditor.Applied(this, message.Log, delta);
        Answer(from, outcome == DeltaOutcome.Rejected
            ? new RejectedMessage(message.Log, message.Session, Bucket, Ledger.Position(delta.Partition))
            : new AcceptedMessage(message.Log, message.Session, Bucket, delta.To));
    }

    private void Persist(int from, PersistMessage persist)
    {
        var position = Ledger.Position(persist.Log.Partition);
        if (position < persist.UpTo)
        {
            _world.See(Sighting.RejectedPersist);
            _world.Say($"{this} can't persist {persist.Log.Partition} up to {persist.UpTo}: it is at {position}");
            Answer(from, new RejectedMessage(persist.Log, persist.Session, Bucket, position));
            return;
        }

        if (_world.Mutation == Mutation.PersistAnsweredBeforeStored)
        {
            Answer(from, new PersistedMessage(persist.Log, persist.Session, Bucket, position));
            return;
        }

        _waiting.Add((from, persist));
        AnswerWaiting();
        if (_waiting.Count > 0)
            Checkpoint();
    }

    private void AnswerWaiting()
    {
        if (!Ledger.IsPublished && _world.Mutation != Mutation.PersistAnsweredBeforePublished)
            return;
        for (var index = _waiting.Count - 1; index >= 0; index--)
        {
            var (from, request) = _waiting[index];
            var durable = Ledger.DurablePosition(request.Log.Partition);
            if (durable < request.UpTo)
                continue;
            _waiting.RemoveAt(index);
            _world.Say($"{this} has persisted {request.Log.Partition} up to {durable}");
            Answer(from, new PersistedMessage(request.Log, request.Session, Bucket, durable));
        }
    }

    private void Store()
    {
        var next = SequenceNumber + 1;
        var checkpoint = Ledger.TakeCheckpoint(next % _world.Settings.CompleteEach == 0);
        var row = new JournalRow(next, checkpoint, Shadow.Copy(), this, _base);
        _phase = Phase.Storing;
        _world.Say($"{this} writes #{next}{(checkpoint.IsComplete ? ", complete" : "")}");
        if (_world.Mutation == Mutation.DeletedBeforeStored && checkpoint.IsComplete)
            _world.DeleteBelow(Bucket, next);
        if (_world.Mutation == Mutation.PublishedBeforeStored)
            _world.Later(() => Upsert(Ledger.Unpublished, Ledger.DurableLateCount));
        _world.Later(() => Land(row));
    }

    private void Land(JournalRow row)
    {
        var fails = _world.Occurs(Faults.JournalFaults, 6);
        var isFenced = !fails && !_world.Insert(Bucket, row);
        var isSilent = _world.Occurs(Faults.JournalFaults, 6);
        _world.Say($"the journal {(fails ? "fails at" : isFenced ? "refuses" : "stores")} #{row.SequenceNumber} of {this}"
            + $"{(isSilent ? ", the answer is lost" : "")}");
        if (fails)
            _world.See(Sighting.JournalWriteFailed);
        else if (isSilent && !isFenced)
            _world.See(Sighting.JournalAnswerLost);
        var isStored = !fails && !isFenced && !isSilent;
        if (_world.Mutation == Mutation.FailedWriteIsTakenForStored)
            isStored = true;
        _world.Later(() =>
        {
            if (_phase != Phase.Storing)
                return;
            if (!isStored)
                Crash("its journal write failed");
            else
                Stored(row);
        });
    }

    private void Stored(JournalRow row)
    {
        SequenceNumber = row.SequenceNumber;
        _base = row;
        _unconfirmed = row;
        Ledger.Stored();
        if (_world.Mutation == Mutation.PersistAnsweredBeforePublished)
            AnswerWaiting();
        Publish();
    }

    private void Publish()
    {
        _phase = Phase.Publishing;
        var publication = ++_publication;
        _world.Later(() =>
        {
            if (_phase != Phase.Publishing || publication != _publication)
                return;
            if (IsOvertaken)
            {
                _world.See(Sighting.Superseded);
                Crash($"the journal holds #{Journal.Highest} of another incarnation");
                return;
            }

            if (_unconfirmed is { } row)
                _world.Auditor.Confirmed(Bucket, row);
            _unconfirmed = null;
            Write(publication);
        });
    }

    private bool IsOvertaken =>
        Journal.Highest != SequenceNumber
        && _world.Mutation is not (Mutation.SupersessionIsNotChecked or Mutation.FailedWriteIsTakenForStored);

    private void Write(int publication)
    {
        var (rows, late) = (Ledger.Unpublished, Ledger.DurableLateCount);
        _world.Later(() =>
        {
            var fails = _world.Occurs(Faults.TableFaults, 10);
            if (!fails)
                Upsert(rows, late);
            if (_world.Occurs(Faults.TableFaults, 15))
                _world.Later(() => Upsert(rows, late));
            if (_phase != Phase.Publishing || publication != _publication)
                return;
            if (fails || _world.Occurs(Faults.TableFaults, 10))
                Publish();
            else
                Published();
        });
    }

    private void Upsert(IReadOnlyList<KeyCount> rows, long late)
    {
        var numbered = rows
            .Select(row => (_world.Space.NumberOf(row.Key), KeySpace.NumberOf(row.Window), row.Count))
            .ToList();
        _world.Say($"the tables take {rows.Count} rows, {late} late of {this}");
        if (IsStopped)
            _world.See(Sighting.UpsertOfTheDeadLanded);
        _world.Tables.Upsert(Bucket, numbered, late);
        _world.Auditor.Upserted(Bucket, numbered, late);
    }

    private void Published()
    {
        Ledger.Published();
        if (_base is { Checkpoint.IsComplete: true } complete)
            DeleteBelow(complete);
        _phase = Phase.Idle;
        _world.Auditor.Judge(this);
        AnswerWaiting();
        Continue();
    }

    private void DeleteBelow(JournalRow complete) => _world.Later(() =>
    {
        _world.Say($"{this} deletes below #{complete.SequenceNumber}");
        _world.DeleteBelow(Bucket, complete.SequenceNumber);
    });

    private void Continue()
    {
        if (_waiting.Count > 0 || _isHandingOff)
            Checkpoint();
        if (_isHandingOff && _phase == Phase.Idle)
        {
            _world.Say($"{this} has stopped");
            Stop();
        }
    }

    private void Stop()
    {
        _phase = Phase.Stopped;
        _world.Stopped(this);
    }

    private void Answer(int to, Message message) => _world.Network.Send(SimulatedWorld.NodeOf(Bucket), to, message);
}
