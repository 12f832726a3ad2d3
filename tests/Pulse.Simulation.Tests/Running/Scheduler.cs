using Pulse.Simulation.Tests.Audit;
using Pulse.Simulation.Tests.World;

namespace Pulse.Simulation.Tests.Running;

/// <summary>Chooses every step of a world from its seed; then heals the world and sees that it drains.</summary>
internal sealed class Scheduler
{
    private const int MostIncarnations = 3;
    private const int MostZombies = 3;
    private const int MostTopics = 3;
    private const int MostHealingRounds = 400;

    private readonly SimulatedWorld _world;
    private readonly SeededRandom _random;
    private readonly (int Weight, Action Step)[] _steps;
    private readonly int _weights;
    private readonly int[] _shares;
    private readonly int _records;
    private int _produced;
    private IReadOnlyList<(PartitionLog Log, long End)>? _awaitedEnds;

    public Scheduler(SimulatedWorld world)
    {
        _world = world;
        _random = world.Random;
        _records = world.Settings.EventsPerPartition * world.Settings.Partitions;

        // Skewed partitions, and silent ones.
        _shares = [.. Enumerable.Range(0, world.Settings.Partitions).Select(_ => _random.Below(4) * _random.Below(4))];
        _shares[_random.Below(_shares.Length)]++;
        _steps =
        [
            (360, world.Deliver),
            (200, world.LetEffectHappen),
            (60, Produce),
            (90, () => AnyIngestor().Read(_random.Between(1, 6))),
            (70, () => AnyIngestor().Flush()),
            (40, () => AnyIngestor().Commit()),
            (12, () => AnyIngestor().Resend()),
            (16, CheckpointBucket),
            (8, CrashBucket),
            (4, CrashProcess),
            (6, Rebalance),
            (6, EndZombie),
            (10, DoubleBucket),
            (20, Reroute),
            (6, HandOffBucket),
            (1, MakeTopicAgain),
            (4, Complete),
        ];
        _weights = _steps.Sum(step => step.Weight);
    }

    public void Run()
    {
        for (var step = 0; step < _world.Settings.Steps; step++)
            Step();
        while (_produced < _records)
            Produce();
        _world.BeginHealing();
        Drain();
        _world.Auditor.Ended();
    }

    private void Step()
    {
        _world.StepCount++;
        var chosen = _random.Below(_weights);
        foreach (var (weight, step) in _steps)
        {
            chosen -= weight;
            if (chosen >= 0)
                continue;
            step();
            break;
        }

        if (_awaitedEnds is { } ends && ends.All(end => _world.Broker.Committed(end.Log) >= end.End))
        {
            _world.Say($"all committed offsets have reached the ends: export");
            _world.See(Sighting.Exported);
            _world.Auditor.Exported(ends);
            _awaitedEnds = null;
        }
    }

    private void Drain()
    {
        for (var round = 0; round < MostHealingRounds; round++)
        {
            foreach (var ingestor in _world.Owners)
            {
                ingestor.Read(int.MaxValue);
                ingestor.Flush();
                ingestor.Commit();
                ingestor.CommitAgain();
            }

            Settle();
            if (IsDrained())
                return;

            // Nothing is under way any more, so what is unanswered stays so.
            foreach (var ingestor in _world.Owners)
                ingestor.Resend();
            Settle();
        }

        throw new InvariantViolation("drained", $"not within {MostHealingRounds} rounds without faults");
    }

    private void Settle()
    {
        for (var left = 100_000; left > 0; left--)
        {
            _world.StepCount++;
            if (_world.IsIdle)
                return;
            if (_random.Chance(50))
                _world.Deliver();
            else
                _world.LetEffectHappen();
        }

        throw new InvariantViolation("drained", "messages and effects go on for ever without faults");
    }

    private bool IsDrained()
    {
        var isDrained = true;
        foreach (var log in _world.CurrentLogs)
            isDrained &= _world.Broker.Committed(log) == log.End;

        // Buckets that nobody talks to any more come back too, and publish what they had stored.
        for (var bucket = 0; bucket < _world.Space.BucketCount; bucket++)
        {
            if (_world.IncarnationsOf(bucket).Count == 0)
                _world.StartIncarnation(bucket);
            foreach (var shell in _world.IncarnationsOf(bucket).ToList())
            {
                isDrained &= shell.IsQuiet && !shell.IsSuperseded;
                if (shell.IsSuperseded)
                    shell.Crash("a dead incarnation's write landed after it recovered");
                shell.Checkpoint();
            }
        }

        return isDrained && _world.IsIdle;
    }

    private void Produce()
    {
        if (_produced >= _records)
            return;
        var partition = 0;
        for (var chosen = _random.Below(_shares.Sum()); chosen >= _shares[partition]; partition++)
            chosen -= _shares[partition];

        var log = _world.CurrentLogs[partition];
        for (var left = Math.Min(_random.Between(1, 4), _records - _produced); left > 0; left--)
        {
            var now = _produced++ * _world.Settings.Windows / _records;
            var window = _random.Chance(15) ? _random.Below(now + 1) : now;
            var keys = KeysOfRecord();
            if (keys[0] >= _world.Space.FirstDeadLetter)
                _world.See(Sighting.DeadLetter);
            else if (_world.Settings.Has(Faults.LateEvents) && _random.Chance(10))
                window = KeySpace.Late;
            log.Append(_world.Space, keys, window);
            if (_world.Settings.Has(Faults.OffsetGaps) && _random.Chance(15))
                log.LeaveGap();
        }
    }

    private int[] KeysOfRecord()
    {
        var space = _world.Space;
        return _world.Settings.Has(Faults.BadRecords) && _random.Chance(10)
            ? [space.FirstDeadLetter + _random.Below(KeySpace.DeadLetterKeys)]
            : [_random.Below(space.PerKeyCount), space.PerKeyCount + _random.Below(KeySpace.HashedKeys)];
    }

    private void CheckpointBucket() => AnyIncarnation()?.Checkpoint();

    private void CrashBucket()
    {
        if (_world.Settings.Has(Faults.BucketCrashes))
            AnyIncarnation()?.Crash("killed");
    }

    private void CrashProcess()
    {
        if (!_world.Settings.Has(Faults.IngestorCrashes))
            return;
        var process = _random.Below(_world.Settings.Processes);
        _world.Say($"process {process} dies");
        _world.Ingestors.RemoveAll(ingestor => ingestor.Process == process && !_world.Owners.Contains(ingestor));
        for (var partition = 0; partition < _world.Owners.Length; partition++)
        {
            if (_world.Owners[partition].Process == process)
                _world.Assign(partition, _random.Below(_world.Settings.Processes), leavesZombie: false);
        }
    }

    private void Rebalance()
    {
        if (!_world.Settings.Has(Faults.Rebalances))
            return;
        var leavesZombie = _random.Chance(60) && _world.Ingestors.Count < _world.Owners.Length + MostZombies;
        _world.Assign(
            _random.Below(_world.Owners.Length), _random.Below(_world.Settings.Processes), leavesZombie);
    }

    private void EndZombie()
    {
        var ingestor = AnyIngestor();
        if (!_world.Owners.Contains(ingestor))
            _world.Ingestors.Remove(ingestor);
    }

    private void DoubleBucket()
    {
        var bucket = _random.Below(_world.Space.BucketCount);
        if (_world.Settings.Has(Faults.DoubleIncarnations)
            && _world.IncarnationsOf(bucket).Count is > 0 and < MostIncarnations)
        {
            _world.StartIncarnation(bucket);
            _world.Reroute(_random.Below(_world.Settings.Processes), bucket);
        }
    }

    private void Reroute() =>
        _world.Reroute(_random.Below(_world.Settings.Processes), _random.Below(_world.Space.BucketCount));

    private void HandOffBucket()
    {
        if (_world.Settings.Has(Faults.HandOffs))
            AnyIncarnation()?.HandOff();
    }

    private void MakeTopicAgain()
    {
        if (!_world.Settings.Has(Faults.TopicMadeAgain) || _world.Logs.Count >= MostTopics * _world.Settings.Partitions)
            return;
        _awaitedEnds = null;
        _world.MakeTopic();
    }

    private void Complete()
    {
        if (!_world.Settings.Has(Faults.Completion) || _awaitedEnds is not null)
            return;
        _awaitedEnds = [.. _world.CurrentLogs.Select(log => (log, log.End))];
        _world.Say($"the stream is complete: wait for {string.Join(", ", _awaitedEnds.Select(end => end.End))}");
        foreach (var ingestor in _world.Owners)
        {
            ingestor.Commit();
            ingestor.CommitAgain();
        }
    }

    private IngestorShell AnyIngestor() => _random.Pick(_world.Ingestors);

    private BucketShell? AnyIncarnation()
    {
        var incarnations = _world.IncarnationsOf(_random.Below(_world.Space.BucketCount));
        return incarnations.Count == 0 ? null : _random.Pick(incarnations);
    }
}
