using Pulse.Counting;
using Pulse.Simulation.Tests.Broker;
using Pulse.Simulation.Tests.Cluster;

namespace Pulse.Simulation.Tests.Running;

/// <summary>What goes wrong in a scenario, as far as its settings allow it.</summary>
internal sealed class ScenarioFaultSteps(Scenario scenario)
{
    private const int MostCuts = 3;

    private readonly SeededRandom _random = scenario.Random;

    public IEnumerable<(int Weight, Action Step)> Steps =>
    [
        .. If(ScenarioFaults.LateStatements, 14, GiveUp),
        .. If(ScenarioFaults.LateStatements, 10, scenario.Statements.ExecuteLate),
        .. If(ScenarioFaults.LateStatements, 4, scenario.Statements.Lose),
        .. If(ScenarioFaults.NodeDeaths, 3, KillNode),
        .. If(ScenarioFaults.NodeSleeps, 8, SleepOrWake),
        .. If(ScenarioFaults.BucketCrashes, 8, CrashBucket),
        .. If(ScenarioFaults.StorageAway, 6, ToggleStorage),
        .. If(ScenarioFaults.StorageGoesBack, 10, GoBack),
        .. If(ScenarioFaults.HandOffs, 6, HandOff),
        .. If(ScenarioFaults.Retention, 5, RemoveRecords),
        .. If(ScenarioFaults.TopicMadeAgain, 3, MakeTopicAgain),
        .. If(ScenarioFaults.TopicMadeAgain, 6, ReopenClient),
        .. If(ScenarioFaults.LogCut, 20, CutLog),
        .. If(ScenarioFaults.DeclarationRaised, 12, RaiseDeclaration),
        .. If(ScenarioFaults.DeclarationRaised, 12, RestartNode),
        .. If(ScenarioFaults.ReadingRefused, 6, RefuseReading),
        .. If(ScenarioFaults.StoringRefused, 8, ToggleRefusal),
        .. If(ScenarioFaults.StoringRefused, 10, TryAgain),

        // An answer that is lost is waited for no longer, with or without faults of its own.
        .. If(ScenarioFaults.LostAnswers, 10, GiveUp),
    ];

    private IEnumerable<(int, Action)> If(ScenarioFaults fault, int weight, Action step) =>
        scenario.Settings.Has(fault) ? [(weight, step)] : [];

    private void GiveUp()
    {
        if (AnyBucket() is not { Node.IsAsleep: false, Machine.Phase: BucketPhase.TakingOver or BucketPhase.Storing or BucketPhase.OutcomeUnknown } bucket)
            return;
        scenario.Say($"{bucket} waits no longer in {bucket.Machine.Phase}");
        if (_random.Chance(70))
            scenario.Statements.Delay(bucket);
        bucket.GiveUp();
    }

    private void RefuseReading()
    {
        if (scenario.Sessions[_random.Below(scenario.Sessions.Length)] is { Count: > 0 } sessions)
            _random.Pick(sessions).RefuseReading();
    }

    private void KillNode()
    {
        var node = _random.Pick(scenario.Nodes);
        scenario.Say($"{node} dies");
        scenario.End(node);
        node.IsAsleep = false;
    }

    private void RaiseDeclaration()
    {
        var count = scenario.Declarations[0].Version.Buckets;
        var rows = scenario.Database.Rows.Take(count).ToList();
        if (scenario.Database.IsAway || scenario.Database.IsRaised || rows.Any(row => row.Positions != rows[0].Positions))
            return;
        scenario.Say($"the declaration of {scenario.Declarations[0].Version.Rollup} is raised at {rows[0].Positions}");
        if (scenario.Buckets.Take(count).Any(each => each.Any(bucket => bucket.Node.IsAsleep)))
            scenario.See(History.DeclarationRaisedWhileANodeSleeps);
        scenario.Database.Raise(count);
        for (var bucket = 0; bucket < count; bucket++)
            scenario.Auditor.TakeoverExecuted(bucket);
    }

    private void RestartNode()
    {
        if (_random.Pick(scenario.Nodes) is { IsAsleep: false } node)
            scenario.Restart(node);
    }

    private void SleepOrWake()
    {
        var node = _random.Pick(scenario.Nodes);
        node.IsAsleep = !node.IsAsleep && scenario.Nodes.Count(each => !each.IsAsleep) > 1;
        scenario.Say($"{node} {(node.IsAsleep ? "falls asleep" : "is awake")}");
    }

    private void CrashBucket()
    {
        if (AnyBucket() is not { } bucket)
            return;
        scenario.Say($"{bucket} crashes");
        scenario.Remove(bucket);
    }

    private void ToggleStorage()
    {
        scenario.Database.IsAway = !scenario.Database.IsAway;
        scenario.Say($"storage is {(scenario.Database.IsAway ? "away" : "back")}");
    }

    private void ToggleRefusal()
    {
        var bucket = _random.Below(scenario.Buckets.Length);
        scenario.Database.RefusedBucket = scenario.Database.RefusedBucket is null ? bucket : null;
        scenario.Say($"the database refuses {(scenario.Database.RefusedBucket is { } refused ? $"{scenario.BucketIds[refused]}" : "nothing")}");
    }

    // A bucket that stands apart tries again after a while.
    private void TryAgain()
    {
        if (AnyBucket() is { Node.IsAsleep: false, Machine: { IsApart: true, Phase: BucketPhase.Storing } } bucket)
            bucket.GiveUp();
    }

    private void GoBack()
    {
        scenario.Watch.GoesBack();
        var state = _random.Chance(50)
            ? Math.Max(0, scenario.Database.StateCount - 1 - _random.Between(1, 5))
            : _random.Below(scenario.Database.StateCount);
        scenario.Database.GoBackTo(state);
        scenario.Say($"the database goes back to {string.Join(" | ", scenario.Database.Rows.Select(row => row.Positions))}");
    }

    private void HandOff()
    {
        if (_random.Chance(50))
        {
            if (AnyBucket() is { Node.IsAsleep: false } bucket)
            {
                scenario.Say($"{bucket} is asked to stop");
                bucket.Stop();
            }
        }
        else if (scenario.Sessions[_random.Below(scenario.Sessions.Length)] is { Count: > 0 } sessions && _random.Pick(sessions) is { Node.IsAsleep: false } session)
        {
            scenario.Drain(session);
        }
    }

    private void RemoveRecords()
    {
        var log = _random.Pick(scenario.Broker.CurrentLogs);
        log.RemoveBelow(log.Begin + _random.Below((int)(log.End - log.Begin) + 1));
        scenario.Say($"retention removes what is below {log.Begin} of {log.Partition}");
    }

    private void MakeTopicAgain()
    {
        if (scenario.Broker.StreamCount == 3)
            return;
        scenario.Broker.MakeTopicAgain();
        scenario.Say($"the topic is made again: {scenario.Broker.Current}");
    }

    // A node that learnt of another stream closes its client; whoever reads next opens a new one.
    private void ReopenClient()
    {
        var node = _random.Pick(scenario.Nodes);
        if (node.IsAsleep)
            return;
        foreach (var sessions in scenario.Sessions)
            sessions.RemoveAll(each => each.Node == node && each.Machine.Partition.Stream != scenario.Broker.Current);
    }

    // A cut does most harm where a bucket has little more than a session has read, and the log grows again beyond that; so it
    // mostly waits for it.
    private void CutLog()
    {
        var log = _random.Pick(scenario.Broker.CurrentLogs);
        if (log.Branches.Count > MostCuts || scenario.CutSaid[log.Partition.Partition] || log.End < 6)
            return;
        var read = scenario.Sessions[log.Partition.Partition]
            .Where(each => each.Machine.Phase == SessionPhase.Reading).Select(each => each.Machine.Position.Offset).DefaultIfEmpty(log.End).Min();
        var held = scenario.Buckets.SelectMany(each => each).Select(each => each.Machine.Positions[log.Partition].Offset).DefaultIfEmpty().Max();
        var isWorst = read < held && held <= read + 5 && held <= log.End;
        if (isWorst)
            CutLog(log, read, more: (int)(held - read) + _random.Pick([0, 0, 0, 1, 2, 4, 6]));
        else if (_random.Chance(5))
            CutLog(log, log.End - _random.Between(1, 5), more: _random.Between(0, 5));
    }

    private void CutLog(SimulatedLog log, long offset, int more)
    {
        scenario.Say($"{log.Partition} is cut at {offset}, and grows again to {offset + more}");
        scenario.Watch.Cuts(log.Partition, offset);
        log.CutAt(offset);
        for (; more > 0; more--)
            log.Append(RecordKind.Event, _random.Below(scenario.Settings.Keys), _random.Below(scenario.Settings.Windows));
    }

    private BucketActor? AnyBucket()
    {
        var buckets = scenario.Buckets[_random.Below(scenario.Buckets.Length)];
        return buckets.Count == 0 ? null : _random.Pick(buckets);
    }
}
