using Pulse.Counting;
using Pulse.Simulation.Tests.Broker;

namespace Pulse.Simulation.Tests.Cluster;

/// <summary>Reads a partition and interprets the effects of its session, as the product's actor does.</summary>
internal sealed class SessionActor
{
    private const int MostFetched = 2;

    private readonly Scenario _scenario;
    private readonly IReadOnlyList<Declaration> _declarations;
    private readonly SimulatedConsumer _consumer;
    private readonly Queue<FetchedBatch> _fetched = [];
    private readonly Dictionary<(int Version, int Key), KeyTally> _counters = [];

    public SessionActor(Scenario scenario, StreamPartition partition, SimulatedNode node, IReadOnlyList<Declaration> declarations, long number)
    {
        (_scenario, _declarations, Node) = (scenario, declarations, node);
        _consumer = new SimulatedConsumer(scenario.Broker, partition.Partition);
        Machine = new IngestSession(partition, [.. declarations.Select(each => each.Version)], number, Scenario.SessionLimits);
        Machine.Start();
        Perform();
    }

    public SimulatedNode Node { get; }

    public IngestSession Machine { get; }

    public int Partition => Machine.Partition.Partition;

    public bool IsOver => Machine.Phase == SessionPhase.Over;

    /// <summary>Whether it reads the stream that the topic is, and has come to the end of the log.</summary>
    public bool IsAtEnd => Machine.Phase == SessionPhase.Reading && Machine.Partition.Stream == _scenario.Broker.Current
        && Machine.Position.Offset == _scenario.Broker.CurrentLogs[Partition].End;

    /// <summary>Empty deltas that wait for those of the node's other sessions.</summary>
    public List<SessionEffect.SendEmptyDelta> Empties { get; } = [];

    public void Fetch(int atMost)
    {
        if (!Machine.WantsRecords || _fetched.Count == MostFetched)
            return;
        _scenario.Auditor.Fetches(this);
        if (_consumer.Fetch(atMost, word => _scenario.Questions.Tell(this, word)) is { } batch && !IsLost(batch))
            _fetched.Enqueue(batch);
    }

    /// <summary>Its client can't read the partition, and says so, perhaps after it was sought again.</summary>
    public void RefuseReading()
    {
        var reading = _consumer.Reading;
        _scenario.Questions.Tell(this, session => session.ReadingRefused(reading, "simulated"));
    }

    /// <summary>Counts a batch that was fetched, perhaps long ago.</summary>
    public void Count()
    {
        if (!_fetched.TryDequeue(out var batch))
            return;
        if (Machine.Begin(batch.Reading, batch.Start))
        {
            foreach (var record in batch.Records)
                Count(record);
            Machine.EndBatch(batch.Next);
        }

        Perform();
    }

    /// <summary>Tells the machine something, and carries out what it wants.</summary>
    public void Tell(Action message)
    {
        message();
        Perform();
    }

    public override string ToString() => $"session {Machine.Id} of {Machine.Partition} on {Node}";

    // The last batch is never lost, nor one that a cut could make the last: nothing would show it.
    private bool IsLost(FetchedBatch batch) =>
        _scenario.Network.Loss > 0 && !_scenario.Settings.Has(ScenarioFaults.LogCut)
        && batch.Next < _scenario.Broker.CurrentLogs[Partition].End && _scenario.Random.Chance(3);

    private void Count(SimulatedRecord record)
    {
        for (var version = 0; version < _declarations.Count; version++)
        {
            switch (_declarations[version].OutcomeOf(record))
            {
                case Outcome.Counted:
                    Machine.Count(Counter(version, record.Key), _declarations[version].WindowOf(record), record.Offset);
                    break;
                case Outcome.Late:
                    Machine.Late(version, record.Offset);
                    break;
                case Outcome.Dead:
                    Machine.Dead(version, record.Offset);
                    break;
                case Outcome.Filtered:
                    Machine.Filtered(version, record.Offset);
                    break;
            }
        }

        Machine.Handled(record.Offset, record.Epoch);
    }

    private KeyTally Counter(int version, int key)
    {
        if (!_counters.TryGetValue((version, key), out var counter))
        {
            counter = Machine.Key(version, _declarations[version].BucketOf(key), Declaration.Name(key));
            _counters.Add((version, key), counter);
        }

        return counter;
    }

    private void Perform()
    {
        foreach (var effect in Machine.TakeEffects())
            Perform(effect);
    }

    private void Perform(SessionEffect effect)
    {
        switch (effect)
        {
            case SessionEffect.AskPosition each:
                _scenario.Network.Send(new SimulatedMessage.Ask(each.Bucket, Machine.Partition, each.Version, each.Session));
                break;
            case SessionEffect.Seek each:
                _consumer.Seek(each.Position, each.Reading);
                break;
            case SessionEffect.SendDelta each:
                _scenario.Network.Send(new SimulatedMessage.Counts(each.Bucket, each.Session, each.Delta));
                break;
            case SessionEffect.SendEmptyDelta each:
                Empties.Add(each);
                break;
            case SessionEffect.AskLogSpan each:
                _scenario.Questions.AskForSpan(this, each.Question);
                break;
            case SessionEffect.End each:
                // What was on its way to it before, it hears still.
                _scenario.Auditor.Ended(this, each);
                _scenario.Reply(this, () => _scenario.Remove(this));
                break;
        }
    }
}
