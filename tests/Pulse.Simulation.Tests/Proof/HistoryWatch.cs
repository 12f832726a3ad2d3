using Pulse.Counting;
using Pulse.Simulation.Tests.Cluster;
using Pulse.Simulation.Tests.Database;

namespace Pulse.Simulation.Tests.Proof;

/// <summary>Notices when a scenario reaches one of the histories that it is meant to.</summary>
internal sealed class HistoryWatch(Scenario scenario)
{
    private readonly List<BucketActor>[] _takenOverBy = [.. scenario.BucketIds.Select(_ => new List<BucketActor>())];
    private readonly HashSet<CheckpointId> _answersLost = [];
    private readonly HashSet<BucketActor> _fullWhileAway = [];

    public void TakeoverExecuted(DatabaseRequest.TakeOver request)
    {
        var before = _takenOverBy[request.Sender.Bucket];
        if (before.Contains(request.Sender))
            scenario.See(History.TakeoverExecutedTwice);
        before.Add(request.Sender);
    }

    public void StoreExecuted(DatabaseRequest.Store request, bool isStored)
    {
        var takenOverBy = _takenOverBy[request.Sender.Bucket];
        if (takenOverBy.Skip(takenOverBy.LastIndexOf(request.Sender) + 1).Distinct().Count() >= 2)
            scenario.See(History.ZombieAfterTwoSuccessors);
        if (_answersLost.Contains(request.Statement.Next))
            scenario.See(History.StatementExecutedTwice);
        if (!isStored && request.SentAfter < scenario.Database.TimesBack)
            scenario.See(History.StatementMeetsAnotherHistory);
        if (isStored && request.Statement.Counts.Count == 0 && request.Statement.Balance == default)
            scenario.See(History.QuietBucketMoved);
        if (isStored && _fullWhileAway.Remove(request.Sender))
            scenario.See(History.FullBucketStoredAfterwards);
        if (isStored && scenario.Database.Rows[request.Sender.Bucket].Gaps.Any(IsOfOneBucketOnly))
            scenario.See(History.GapOfOneBucketOnly);
    }

    public void AnswerLost(DatabaseRequest request)
    {
        if (request is DatabaseRequest.Store store)
            _answersLost.Add(store.Statement.Next);
    }

    /// <summary>The database is about to go back.</summary>
    public void GoesBack()
    {
        foreach (var session in scenario.Sessions.SelectMany(each => each))
        {
            var least = scenario.Database.Rows.Min(row => row.Parsed[session.Machine.Partition].Offset);
            if (session.Machine.StoredProgress?.Offset > least && scenario.Buckets.Any(each => each.Count > 0))
                scenario.See(History.ReplicaPromotedUnderLiveNodes);
        }
    }

    /// <summary>A bucket was told something.</summary>
    public void Told(BucketActor bucket, bool wasIdle)
    {
        if (bucket.IsOver && wasIdle && scenario.Database.TimesBack > bucket.Beginning.TimesBack)
            scenario.See(History.IdleBucketFoundDatabaseBack);
        if (bucket.Node.Memory.IsFull && bucket.Machine.ChangedCells == 0)
            scenario.See(History.FullNodeSilencedABucket);
        if (bucket.Machine.IsFull && scenario.Database.IsAway)
            _fullWhileAway.Add(bucket);
        if (bucket.Machine.Phase == BucketPhase.Storing && bucket.Machine.ChangedCells > 0)
            scenario.See(History.AppliedWhileStoring);
    }

    /// <summary>A bucket hears what the topic is.</summary>
    public void HearsStream(BucketActor bucket, Action happens)
    {
        var wasFrozen = bucket.Machine.Phase == BucketPhase.Frozen;
        happens();
        if (wasFrozen && bucket.Machine.Phase == BucketPhase.TakingOver)
            scenario.See(History.TopicMadeAgainBeforeStoring);
    }

    /// <summary>A session hears from a bucket.</summary>
    public void Hears(SessionActor session, Action happens)
    {
        var wasAtEnd = session.IsAtEnd;
        happens();
        if (wasAtEnd && session.Machine.Phase == SessionPhase.StartingOver)
            scenario.See(History.MemoryLostAtTheEndOfTheLog);
    }

    /// <summary>A log is about to be cut.</summary>
    public void Cuts(StreamPartition partition, long offset)
    {
        var positions = scenario.Database.Rows.Select(row => row.Parsed[partition].Offset).ToList();
        if (positions.Min() < offset && offset < positions.Max())
            scenario.See(History.CutBetweenPositions);
    }

    private bool IsOfOneBucketOnly(Gap gap) => scenario.Database.Rows.Any(row =>
        row.Parsed[gap.Partition].Offset >= gap.To && !row.Gaps.Any(other => other.Partition == gap.Partition));
}
