using Pulse.Simulation.Tests.Proof;
using Pulse.Simulation.Tests.Cluster;

namespace Pulse.Simulation.Tests.Running;

/// <summary>Ends all faults, and lets everything go on until all buckets have stored the end of the log.</summary>
internal sealed class ScenarioHealing(Scenario scenario)
{
    private const int MostRounds = 60;
    private const int MostStepsInRound = 20_000;

    // Zombies wake and go on for a while; then somebody ends them.
    private const int RoundsOfZombies = 2;

    public void Run()
    {
        scenario.Say($"all faults end");
        (scenario.Network.Loss, scenario.Network.Repeats) = (0, false);
        scenario.Database.IsAway = false;
        scenario.Database.RefusedBucket = null;
        foreach (var node in scenario.Nodes)
            node.IsAsleep = false;
        for (var round = 0; round < MostRounds; round++)
        {
            if (round == RoundsOfZombies)
                EndZombies();
            StartMissing();
            Go();
            if (round > RoundsOfZombies && IsDone())
            {
                scenario.Auditor.JudgeEnd();
                return;
            }
        }

        throw new InvariantViolation("live", $"not all is counted {MostRounds} rounds after the last fault: {Where()}");
    }

    private void StartMissing()
    {
        for (var bucket = 0; bucket < scenario.Buckets.Length; bucket++)
        {
            if (scenario.Buckets[bucket].Count == 0)
                scenario.Start(bucket, scenario.Nodes[0]);
        }

        for (var partition = 0; partition < scenario.Sessions.Length; partition++)
        {
            if (!scenario.CutSaid[partition] && scenario.Sessions[partition].All(each => each.Machine.Partition.Stream != scenario.Broker.Current))
                scenario.StartSession(partition, scenario.Nodes[0], isOlder: false);
        }
    }

    private void Go()
    {
        foreach (var session in scenario.Sessions.SelectMany(each => each).ToList())
        {
            session.Fetch(atMost: 5);
            session.Count();
            session.Tell(session.Machine.Flush);
        }

        Settle();
        foreach (var node in scenario.Nodes)
            scenario.Tick(node);
        Settle();
        foreach (var bucket in scenario.Buckets.SelectMany(each => each).ToList())
            bucket.GiveUp();
        foreach (var bucket in scenario.Buckets.SelectMany(each => each).ToList())
            bucket.MakeCheckpoint();
        Settle();
    }

    private void Settle()
    {
        for (var step = 0; step < MostStepsInRound; step++)
        {
            scenario.StepCount++;
            if (scenario.IsQuiet)
                return;
            scenario.Deliver();
            scenario.Statements.Execute(losesAnswers: false);
            scenario.Statements.ExecuteLate();
            scenario.Questions.Answer();
        }

        throw new InvariantViolation("live", "messages and statements go on for ever without faults");
    }

    private void EndZombies()
    {
        foreach (var node in scenario.Nodes)
            scenario.Restart(node);
        foreach (var sessions in scenario.Sessions)
        {
            // One that reads an old stream, and a node that never heard of the new one, can live on for ever.
            List<SessionActor> current = [.. sessions.Where(each => each.Machine.Partition.Stream == scenario.Broker.Current)];
            foreach (var zombie in current.SkipLast(1))
                sessions.Remove(zombie);
        }
    }

    private bool IsDone()
    {
        if (scenario.CutSaid.Any(isCut => isCut))
            return true;
        return scenario.Database.Rows.All(row =>
            scenario.Broker.CurrentLogs.All(log => row.Parsed[log.Partition].Offset == log.End && log.Holds(row.Parsed[log.Partition])));
    }

    private string Where() =>
        $"{string.Join(" | ", scenario.Database.Rows.Select(row => row.Positions))}; logs end at "
        + string.Join(", ", scenario.Broker.CurrentLogs.Select(log => log.End));
}
