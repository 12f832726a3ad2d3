using Pulse.Counting;
using Pulse.Simulation.Tests.Database;

namespace Pulse.Simulation.Tests.Cluster;

/// <summary>Interprets the effects of one incarnation of a bucket, as the product's actor does.</summary>
internal sealed class BucketActor
{
    private readonly Scenario _scenario;
    private CheckpointId _lastValue;
    private int _answers;

    public BucketActor(Scenario scenario, int bucket, SimulatedNode node)
    {
        (_scenario, Bucket, Node, IsRaised) = (scenario, bucket, node, node.IsRaised && scenario.CanBeRaised(bucket));
        Machine = new BucketCheckpointing(
            scenario.BucketIds[bucket], scenario.DeclarationOf(bucket, IsRaised).Version.Digest, Scenario.BucketLimits, node.Memory);
        Machine.ShowFrom(new Window(0));
        ClientValue = scenario.Database.NewValue(default);
        Machine.Start();
        Perform();
    }

    public int Bucket { get; }

    public SimulatedNode Node { get; }

    public BucketCheckpointing Machine { get; }

    /// <summary>Whether it counts by the raised declaration.</summary>
    public bool IsRaised { get; }

    /// <summary>What a client would use that makes the takeover's value itself.</summary>
    public CheckpointId ClientValue { get; }

    /// <summary>How often the row had been taken over when this incarnation did; and how often the database had gone back.</summary>
    public (int Takeovers, int TimesBack) Beginning { get; set; }

    public int Attempt { get; private set; }

    public int LookNumber { get; private set; }

    public CheckpointStatement? Statement { get; private set; }

    public bool IsOver => Machine.Phase == BucketPhase.Over;

    /// <summary>The value for the next checkpoint.</summary>
    public CheckpointId NewValue() => _scenario.Database.NewValue(_lastValue);

    public void MakeCheckpoint()
    {
        Machine.MakeCheckpoint(NewValue());
        Perform();
    }

    public void Stop()
    {
        var hadUnstored = Machine is { HasUnstored: true, IsApart: false };
        Machine.Stop(NewValue());
        Perform();
        _scenario.Auditor.Require(!IsOver || !hadUnstored, "stop", $"{this} stopped with something unstored");
    }

    public void TakenOver(int attempt, BucketRow row)
    {
        _lastValue = row.Checkpoint;
        Tell(() => Machine.TakenOver(attempt, row));
    }

    public void Stored(CheckpointStatement statement, IReadOnlyList<KeyCount> counts)
    {
        _lastValue = statement.Next;
        Tell(() => Machine.Stored(statement.Next, counts));
    }

    public void Refused(CheckpointStatement statement)
    {
        Tell(() => Machine.Refused(statement.Next));
        if (Machine.IsApart)
            _scenario.See(History.BucketStoodApart);
    }

    /// <summary>Waits no longer for the database.</summary>
    public void GiveUp()
    {
        switch (Machine.Phase)
        {
            case BucketPhase.TakingOver:
                Machine.TakeoverFailed(Attempt);
                break;
            case BucketPhase.Storing:
                Machine.OutcomeUnknown(Statement!.Next);
                break;
            default:
                Machine.CheckpointUnread(LookNumber);
                break;
        }

        Perform();
    }

    /// <summary>Tells the machine something, and carries out what it wants.</summary>
    public void Tell(Action message)
    {
        var wasIdle = Machine is { Phase: BucketPhase.Open, HasUnstored: false };
        var (wasFull, answers) = (Machine is { IsFull: true, IsApart: false }, _answers);
        message();
        Perform();
        _scenario.Watch.Told(this, wasIdle);
        _scenario.Auditor.Told(this, answeredThoughFull: wasFull && _answers > answers);
    }

    public override string ToString() => $"{_scenario.BucketIds[Bucket]} on {Node}";

    private void Perform()
    {
        foreach (var effect in Machine.TakeEffects())
            Perform(effect);
    }

    private void Perform(BucketEffect effect)
    {
        var back = _scenario.Database.TimesBack;
        switch (effect)
        {
            case BucketEffect.TakeOver each:
                Attempt = each.Attempt;
                _scenario.Statements.Add(new DatabaseRequest.TakeOver(this, back, each.Attempt));
                break;
            case BucketEffect.Store each:
                Statement = each.Statement;
                _scenario.Statements.Add(new DatabaseRequest.Store(this, back, each.Statement));
                break;
            case BucketEffect.ReadCheckpoint each:
                LookNumber = each.Look;
                _scenario.Statements.Add(new DatabaseRequest.Look(this, back, each.Look));
                break;
            case BucketEffect.ReadCells each:
                _scenario.Statements.Add(new DatabaseRequest.Cells(this, back, each.Cells));
                break;
            case BucketEffect.ConfirmStream each:
                _scenario.Questions.AskForStream(this, each.Frozen);
                break;
            case BucketEffect.RequestCheckpoint:
                _scenario.Reply(this, MakeCheckpoint);
                break;
            case BucketEffect.AnswerSession each:
                _answers++;
                _scenario.Auditor.Answered(this, each.Answer);
                _scenario.Network.Send(new SimulatedMessage.Answer(each.Answer));
                break;
            case BucketEffect.End each:
                _scenario.Auditor.Ended(this, each.Reason);
                _scenario.Remove(this);
                break;
        }
    }
}
