using System.Runtime.CompilerServices;
using Pulse.Counting;
using Pulse.Simulation.Tests.Cluster;
using Pulse.Simulation.Tests.Database;

namespace Pulse.Simulation.Tests.Proof;

/// <summary>Knows the log, works out the truth by itself, and judges every step that changes something.</summary>
/// <remarks>
/// What must hold, by the name under which it is reported.
/// <list type="bullet">
/// <item><c>row</c>: whenever a row changes, its counts and its balance are those of exactly the records below its
/// positions; a stored gap stands in a record's place, and was made by retention.</item>
/// <item><c>position</c>: a row's position falls only when the database goes back.</item>
/// <item><c>need</c>: an incarnation ends only if it was replaced, or the database went back.</item>
/// <item><c>stored</c>: what a bucket says is stored was stored once.</item>
/// <item><c>bound</c>: a bucket that is full takes nothing, and holds no more than one delta too many, nor does a node; a session that has too much under way reads nothing.</item>
/// <item><c>cut</c>: a session says that the log was cut only where it was.</item>
/// <item><c>drained</c>, <c>stop</c>: a session ends drained only if all buckets stood at its position, or apart; a bucket stops only
/// with everything stored, or apart.</item>
/// <item><c>shown</c>: what pages are shown of a cell is its count at the bucket's positions.</item>
/// <item><c>export</c>: an export holds everything below the offsets at which the stream was complete.</item>
/// <item><c>live</c>: without further faults, all buckets come to the end of the log; <c>balance</c>: it adds up there.</item>
/// </list>
/// </remarks>
internal sealed class ScenarioAuditor(Scenario scenario)
{
    // What one delta adds at most: its cells, whose values are short, are as many as its bytes allow.
    private static readonly long LargestDelta =
        (CheckpointLimits.BytesPerCell + 64) * ((Scenario.SessionLimits.DeltaBytes - DeltaSize.BytesPerDelta) / DeltaSize.BytesPerCount);

    private readonly int[] _takeovers = new int[scenario.BucketIds.Length];
    private readonly Dictionary<(int Bucket, StreamPartition Partition), long> _furthest = [];
    private readonly Dictionary<(SessionActor Session, BucketId Bucket), long> _said = [];
    private readonly HashSet<(SessionActor Session, BucketId Bucket)> _apart = [];

    public void Require(
        bool holds, string invariant,
        [InterpolatedStringHandlerArgument(nameof(holds))] RequirementDetail detail)
    {
        if (!holds)
            throw new InvariantViolation(invariant, detail.ToString());
    }

    /// <summary>A takeover is executed: what its bucket began with, if it hears of it.</summary>
    public (int Takeovers, int TimesBack) TakeoverExecuted(int bucket) => (++_takeovers[bucket], scenario.Database.TimesBack);

    /// <summary>A statement changed a row.</summary>
    public void RowChanged(int bucket, DatabaseRow before, DatabaseRow row)
    {
        foreach (var log in scenario.Broker.Logs)
        {
            var (from, to) = (before.Parsed[log.Partition].Offset, row.Parsed[log.Partition].Offset);
            Require(from <= to, "position", $"{scenario.BucketIds[bucket]} goes back in {log.Partition} from {from} to {to}");
            _furthest[(bucket, log.Partition)] = Math.Max(to, _furthest.GetValueOrDefault((bucket, log.Partition)));
        }

        foreach (var (partition, from, to) in row.Gaps)
            Require(to <= scenario.Broker.Log(partition).Begin, "row", $"{partition} has no gap from {from} to {to}");

        var truth = TruthOf(bucket, row.RaisedAt).At(row.Parsed, scenario.Broker.Logs);
        var isTrue = false;
        while (!isTrue && truth.TryNext(row.Gaps))
            isTrue = truth.Balance == row.Balance && AreEqual(truth.Counts, row.Counts);
        Require(
            isTrue, "row",
            $"{scenario.BucketIds[bucket]} at {row.Positions} has {row.Balance} {Text(row.Counts)}, true are {truth.Balance} {Text(truth.Counts)}");
    }

    /// <summary>A bucket was told something.</summary>
    public void Told(BucketActor bucket, bool answeredThoughFull)
    {
        Require(!answeredThoughFull, "bound", $"{bucket} is full and answers");
        var most = Scenario.BucketLimits.MaximumUnstoredCells + Scenario.SessionLimits.DeltaBytes / DeltaSize.BytesPerCount;
        Require(bucket.Machine.ChangedCells <= most, "bound", $"{bucket} holds {bucket.Machine.ChangedCells} changed cells");
        Require(
            bucket.Node.Memory.Bytes < Scenario.NodeBytes + LargestDelta, "bound", $"{bucket.Node} holds {bucket.Node.Memory.Bytes} bytes that are not stored");
        if (scenario.Random.Chance(20))
            JudgeShown(bucket);
    }

    /// <summary>A bucket answers.</summary>
    public void Answered(BucketActor bucket, BucketAnswer answer)
    {
        Require(
            answer.Stored.Offset <= _furthest.GetValueOrDefault((bucket.Bucket, answer.Partition)), "stored",
            $"{bucket} says that {answer.Stored} of {answer.Partition} is stored");
        if (answer.Kind == AnswerKind.OtherVersion)
            scenario.See(History.OldDeclarationRefused);
    }

    /// <summary>An incarnation of a bucket ends.</summary>
    public void Ended(BucketActor bucket, BucketEnd reason)
    {
        scenario.Say($"{bucket} ends: {reason}");
        if (reason == BucketEnd.Stopped)
        {
            scenario.See(History.StoppedAfterStoring);
            return;
        }

        Require(
            _takeovers[bucket.Bucket] > bucket.Beginning.Takeovers || scenario.Database.TimesBack > bucket.Beginning.TimesBack, "need",
            $"{bucket} ends, and nobody took its row");
    }

    /// <summary>A session wants records.</summary>
    public void Fetches(SessionActor session)
    {
        var most = Scenario.SessionLimits.DeltasPerBucketUnderWay * scenario.BucketIds.Length;
        Require(session.Machine.DeltasUnderWay < most, "bound", $"{session} reads on with {session.Machine.DeltasUnderWay} deltas under way");
    }

    /// <summary>A session ends.</summary>
    public void Ended(SessionActor session, SessionEffect.End end)
    {
        scenario.Say($"{session} ends: {end.Detail}");
        var partition = session.Machine.Partition;
        if (end.Reason == SessionEnd.LogCut && partition.Stream == scenario.Broker.Current)
        {
            Require(scenario.Broker.Log(partition).WasCut, "cut", $"{session}: {end.Detail}");
            scenario.CutSaid[partition.Partition] = true;
        }

        if (end.Reason != SessionEnd.Drained)
            return;
        scenario.See(History.Drained);
        foreach (var bucket in scenario.BucketIds)
        {
            Require(
                _said.GetValueOrDefault((session, bucket)) >= session.Machine.Position.Offset || _apart.Contains((session, bucket)), "drained",
                $"{session} ends at {session.Machine.Position}, and {bucket} never said that it is there");
        }
    }

    /// <summary>A session is about to hear from a bucket.</summary>
    public void Hears(SessionActor session, BucketAnswer answer)
    {
        if (answer.Session != session.Machine.Id)
            return;
        if (answer.Kind == AnswerKind.Apart)
            _apart.Add((session, answer.Bucket));
        else if (_apart.Remove((session, answer.Bucket)))
            scenario.See(History.BucketTookPartAgain);
        _said[(session, answer.Bucket)] = Math.Max(_said.GetValueOrDefault((session, answer.Bucket)), answer.Position.Offset);
    }

    /// <summary>Tables were exported as complete up to some positions.</summary>
    public void Exported(IReadOnlyList<DatabaseRow> rows, BucketPositions complete)
    {
        scenario.See(History.Exported);
        for (var bucket = 0; bucket < rows.Count; bucket++)
        {
            var row = rows[bucket];
            var truth = TruthOf(bucket, row.RaisedAt).At(complete, scenario.Broker.CurrentLogs);
            truth.TryNext(row.Gaps);
            foreach (var (cell, count) in truth.Counts)
                Require(row.Counts.GetValueOrDefault(cell) >= count, "export", $"{scenario.BucketIds[bucket]} exports too little of {cell}");
        }
    }

    /// <summary>The last judgement: everything has been stored.</summary>
    public void JudgeEnd()
    {
        if (scenario.Database.Rows.Any(row => row.Gaps.Count > 0) || scenario.Broker.Logs.Any(log => log.WasCut) || scenario.Broker.StreamCount > 1)
            return;
        foreach (var declaration in scenario.Declarations)
        {
            var sum = scenario.Database.Rows.Where((_, bucket) => scenario.DeclarationOf(bucket) == declaration)
                .Aggregate(default(Balance), (balance, row) => balance + row.Balance);
            var records = scenario.Broker.CurrentLogs.Sum(log => log.Branches[^1].Records.Count);
            Require(
                sum.Consumed == records && sum.Counted + sum.Late + sum.Dead + sum.Filtered == records, "balance",
                $"of {records} records, {declaration.Version.Rollup} has {sum}");
        }
    }

    private void JudgeShown(BucketActor bucket)
    {
        if (bucket.IsOver || bucket.IsRaised || scenario.Settings.Has(ScenarioFaults.Retention) || scenario.Settings.Has(ScenarioFaults.TopicMadeAgain))
            return;
        // Somebody may have lost what was shown before.
        if (scenario.Random.Chance(20))
            bucket.Machine.ShowUnstoredAgain();
        var shown = bucket.Machine.TakeShown();
        if (shown.Count == 0)
            return;
        var truth = TruthOf(bucket.Bucket, null).At(bucket.Machine.Positions, scenario.Broker.Logs);
        var isTrue = false;
        while (!isTrue && truth.TryNext([]))
            isTrue = shown.All(cell => truth.Counts.GetValueOrDefault((cell.Key, cell.Window)) == cell.Count);
        Require(isTrue, "shown", $"{bucket} shows {string.Join(", ", shown)}, true are {Text(truth.Counts)}");
    }

    private RowTruth TruthOf(int bucket, BucketPositions? raisedAt) => new(
        scenario.DeclarationOf(bucket, raisedAt is not null), scenario.DeclarationOf(bucket), raisedAt, scenario.BucketIds[bucket].Number);

    private static bool AreEqual(
        Dictionary<(RollupKey, Window), long> left, IReadOnlyDictionary<(RollupKey, Window), long> right) =>
        left.Count == right.Count && left.All(cell => right.GetValueOrDefault(cell.Key) == cell.Value);

    private static string Text(IEnumerable<KeyValuePair<(RollupKey Key, Window Window), long>> counts) =>
        string.Join(" ", counts.Select(cell => $"{cell.Key.Key}/{cell.Key.Window}={cell.Value}"));
}
