using Pulse.Simulation.Tests.Broker;
using Pulse.Simulation.Tests.Cluster;

namespace Pulse.Simulation.Tests.Running;

/// <summary>Chooses every step of a scenario from its seed; then ends all faults and sees that everything is counted.</summary>
internal sealed class ScenarioScheduler
{
    private const int MostBuckets = 3;
    private const int MostSessions = 2;

    private readonly Scenario _scenario;
    private readonly SeededRandom _random;
    private readonly ScenarioFaultSteps _faults;
    private readonly ScenarioExport _export;
    private readonly (int Weight, Action Step)[] _steps;
    private readonly int _weights;
    private int _produced;

    public ScenarioScheduler(Scenario scenario)
    {
        (_scenario, _random) = (scenario, scenario.Random);
        _faults = new ScenarioFaultSteps(scenario);
        _export = new ScenarioExport(scenario);
        _steps =
        [
            (400, Deliver),
            (180, () => scenario.Statements.Execute(Has(ScenarioFaults.LostAnswers))),
            (25, Produce),
            (130, Read),
            (70, Flush),
            (25, Tick),
            (60, () => AnyBucket()?.MakeCheckpoint()),
            (80, scenario.Questions.Answer),
            (40, StartMissing),
            (30, _export.Go),
            .. _faults.Steps,
        ];
        _weights = _steps.Sum(step => step.Weight);
    }

    public void Run()
    {
        // A cut does most harm where sessions hear little of each other.
        _scenario.Network.Loss = !Has(ScenarioFaults.LostMessages) ? 0 : Has(ScenarioFaults.LogCut) ? _random.Pick([10, 40]) : 10;
        _scenario.Network.Repeats = Has(ScenarioFaults.RepeatedMessages);
        for (var step = 0; step < _scenario.Settings.Steps; step++)
            Step();
        while (_produced < _scenario.Settings.Records)
            Produce();
        new ScenarioHealing(_scenario).Run();
    }

    private void Step()
    {
        _scenario.StepCount++;
        var chosen = _random.Below(_weights);
        foreach (var (weight, step) in _steps)
        {
            chosen -= weight;
            if (chosen >= 0)
                continue;
            step();
            return;
        }
    }

    private void Produce()
    {
        var log = _random.Pick(_scenario.Broker.CurrentLogs);
        for (var left = Math.Min(_random.Between(1, 4), _scenario.Settings.Records - _produced); left > 0; left--)
        {
            var kind = _random.Chance(85) ? RecordKind.Event : _random.Pick([RecordKind.Late, RecordKind.Dead]);
            log.Append(kind, _random.Below(_scenario.Settings.Keys), _random.Below(_scenario.Settings.Windows));
            _produced++;
            if (Has(ScenarioFaults.OffsetHoles) && _random.Chance(20))
                log.LeaveHole();
            if (!_random.Chance(5))
                continue;
            log.ChangeLeader();
            // The end of a transaction, which a later leader wrote than its records.
            if (Has(ScenarioFaults.OffsetHoles))
                log.LeaveHole();
        }
    }

    private void Read()
    {
        if (AnySession() is not { } session)
            return;
        if (_random.Chance(50))
            session.Fetch(_random.Between(1, 5));
        else
            session.Count();
    }

    private void Deliver()
    {
        for (var left = _random.Between(1, 4); left > 0; left--)
            _scenario.Deliver();
    }

    private void Flush()
    {
        if (AnySession() is { } session)
            session.Tell(session.Machine.Flush);
    }

    private void Tick()
    {
        var node = _random.Pick(_scenario.Nodes);
        if (node.IsAsleep)
            return;
        // Now and then, two seconds go by and nothing else happens.
        _scenario.Tick(node);
        if (_random.Chance(50))
            _scenario.Tick(node);
    }

    // Sharding starts what is asked for and is nowhere, and sometimes what is somewhere already.
    private void StartMissing()
    {
        List<SimulatedNode> awake = [.. _scenario.Nodes.Where(node => !node.IsAsleep)];
        if (awake.Count == 0)
            return;
        var bucket = _random.Below(_scenario.Buckets.Length);
        var incarnations = _scenario.Buckets[bucket];
        var mayDouble = Has(ScenarioFaults.DoubleBuckets) && _random.Chance(15);
        if (incarnations.Count < MostBuckets && (mayDouble || incarnations.All(each => each.Node.IsAsleep)))
            _scenario.Start(bucket, _random.Pick(awake));

        var partition = _random.Below(_scenario.Sessions.Length);
        var sessions = _scenario.Sessions[partition];
        var mayDoubleSession = Has(ScenarioFaults.DoubleSessions) && _random.Chance(40);
        if (!_scenario.CutSaid[partition] && sessions.Count < MostSessions && (mayDoubleSession || sessions.All(each => each.Node.IsAsleep)))
            _scenario.StartSession(partition, _random.Pick(awake), isOlder: Has(ScenarioFaults.OldDeclarations) && _random.Chance(20));
    }

    private bool Has(ScenarioFaults fault) => _scenario.Settings.Has(fault);

    private SessionActor? AnySession()
    {
        List<SessionActor> awake = [.. _scenario.Sessions[_random.Below(_scenario.Sessions.Length)].Where(each => !each.Node.IsAsleep)];
        return awake.Count == 0 ? null : _random.Pick(awake);
    }

    private BucketActor? AnyBucket()
    {
        List<BucketActor> awake = [.. _scenario.Buckets[_random.Below(_scenario.Buckets.Length)].Where(each => !each.Node.IsAsleep)];
        return awake.Count == 0 ? null : _random.Pick(awake);
    }
}
