using System.Runtime.CompilerServices;
using Pulse.Counting;
using Pulse.Simulation.Tests.World;

namespace Pulse.Simulation.Tests.Audit;

/// <summary>
/// Knows the log, works out the truth by itself, and judges every step that changes something.
/// </summary>
/// <remarks>
/// The invariants, by the name that a violation is reported under.
/// <list type="bullet">
/// <item><c>counted</c>: an incarnation holds exactly its events below its positions: counted, or late. A stale one
/// may have been opened past events that only its successor has (it is doomed then), and is excepted; but only if its
/// successor has written to the journal already, so that its own next checkpoint must be refused.</item>
/// <item><c>delta</c>: a delta holds the bucket's events between its bounds, no others.</item>
/// <item><c>lineage</c>: confirmed checkpoints of a bucket form one chain, each made from the one before.</item>
/// <item><c>durable</c>: every event below a committed offset is in the newest stored checkpoint of its bucket.</item>
/// <item><c>shown</c>: every event below a committed offset is in the result tables, or among the late ones there.
/// </item>
/// <item><c>not ahead</c>: result tables never hold more than the newest stored checkpoint.</item>
/// <item><c>recovered</c>: recovery gives what was stored.</item>
/// <item><c>session</c>: a session's own account of acceptances and commits is true.</item>
/// <item><c>drained</c>: once faults end, everything is committed in a limited number of steps.</item>
/// <item><c>truth</c>: at the end the tables equal the truth row for row.</item>
/// <item><c>balance</c>: counted + late + dead-lettered = consumed, for every rollup.</item>
/// </list>
/// A <see cref="Shadow"/> holds what an incarnation must hold, from the log's events, and lives and dies with checkpoints.
/// <para>
/// <c>delta</c>, <c>lineage</c>, <c>recovered</c> and <c>session</c> judge the means, the others the outcome. Where only
/// outcomes are asked for, the means go unjudged: to see that a mistake in them has consequences.
/// </para>
/// </remarks>
internal sealed class Auditor(SimulatedWorld world, bool outcomesOnly)
{
    private readonly List<JournalRow>[] _lineages = [.. Enumerable.Range(0, world.Space.BucketCount).Select(_ => new List<JournalRow>())];
    private readonly long[] _scratch = new long[world.Space.KeyCount * WorldSettings.MostWindows];

    private KeySpace Space => world.Space;

    public void Opened(BucketShell shell, PartitionLog log, long before, long after)
    {
        var skipped = log.CountBelow(shell.Bucket, after) - log.CountBelow(shell.Bucket, Math.Max(before, 0));
        if (skipped > 0)
        {
            var newest = world.JournalOf(shell.Bucket).Newest;
            Require(
                newest is not null && newest.SequenceNumber > shell.SequenceNumber && newest.Writer != shell, "counted",
                $"{shell} skips {skipped} events of {log.Partition} up to {after}, and no other incarnation stored them");
            world.See(Sighting.StaleIncarnationOpenedPastEvents);
            shell.Shadow.Doom();
        }

        Judge(shell);
    }

    public void Applied(BucketShell shell, PartitionLog log, Delta delta)
    {
        if (shell.Shadow.IsDoomed)
            return;
        Array.Clear(_scratch);
        foreach (var (key, window, count) in delta.Counts)
            _scratch[Space.NumberOf(key) * WorldSettings.MostWindows + KeySpace.NumberOf(window)] += count;
        foreach (var (_, key, window) in log.EventsOf(shell.Bucket, delta.From, delta.To))
        {
            if (window != KeySpace.Late)
                _scratch[key * WorldSettings.MostWindows + window]--;
        }

        RequireOfMeans(
            !_scratch.AsSpan().ContainsAnyExcept(0), "delta",
            $"{log.Partition} {delta.From}..{delta.To} for {shell} differs from the log");
        var late = shell.Shadow.Late;
        shell.Shadow.Apply(log, shell.Bucket, delta.From, delta.To);
        if (shell.Shadow.Late > late)
            world.See(Sighting.LateEvent);
        Judge(shell);
    }

    /// <summary>Judges an incarnation by the log.</summary>
    public void Judge(BucketShell shell)
    {
        if (shell.Shadow.IsDoomed)
            return;
        var below = 0L;
        foreach (var log in world.Logs)
            below += log.CountBelow(shell.Bucket, Math.Max(0, shell.Ledger.Position(log.Partition)));
        Require(
            shell.Shadow.Total + shell.Shadow.Late == below, "counted",
            $"{shell} took {shell.Shadow.Total} events and {shell.Shadow.Late} late ones; below its positions are {below}");
        Require(
            shell.Ledger.LateCount == shell.Shadow.Late, "counted",
            $"{shell} says {shell.Ledger.LateCount} late, true are {shell.Shadow.Late}");

        var inMemory = 0L;
        foreach (var (key, window, count) in shell.Ledger.Counts)
        {
            var expected = shell.Shadow.Count(Space.NumberOf(key), KeySpace.NumberOf(window));
            Require(count == expected, "counted", $"{shell} counts {count} for {key} {window}, true are {expected}");
            inMemory += count;
        }

        Require(
            inMemory == shell.Shadow.Total, "counted", $"{shell} counts {inMemory} events, true are {shell.Shadow.Total}");
    }

    public void Recovered(BucketShell shell, JournalRow? row)
    {
        foreach (var (partition, position) in row?.Checkpoint.Positions ?? [])
        {
            RequireOfMeans(
                shell.Ledger.Position(partition) == position && shell.Ledger.DurablePosition(partition) == position,
                "recovered", $"{shell} is at {shell.Ledger.Position(partition)} of {partition}, stored was {position}");
        }

        Judge(shell);
    }

    /// <summary>A row reached the journal, whether or not its writer lives to hear of it.</summary>
    public void Landed(int bucket, JournalRow row, bool isNewest)
    {
        if (isNewest)
            _lineages[bucket].Add(row);
        JournalChanged(bucket);
    }

    /// <summary>Rows left the journal, or came: what was committed must still be in it.</summary>
    public void JournalChanged(int bucket)
    {
        foreach (var log in world.Logs)
            JudgeDurable(bucket, log, world.Broker.HighestEverCommitted(log));
    }

    /// <summary>An incarnation takes its checkpoint for stored.</summary>
    public void Confirmed(int bucket, JournalRow row)
    {
        RequireOfMeans(!row.Shadow.IsDoomed, "lineage", $"{row.Writer} stored #{row.SequenceNumber}, which lacks durable events");
        var lineage = _lineages[bucket];
        var index = lineage.IndexOf(row);
        RequireOfMeans(index >= 0, "lineage", $"#{row.SequenceNumber} of {row.Writer} is confirmed but was superseded");
        RequireOfMeans(
            row.Parent == (index <= 0 ? null : lineage[index - 1]), "lineage",
            $"#{row.SequenceNumber} of {row.Writer} was not made from the checkpoint before it");
    }

    public void Upserted(int bucket, IReadOnlyList<(int Key, int Window, long Count)> rows, long late)
    {
        var stored = _lineages[bucket].Count == 0 ? null : _lineages[bucket][^1].Shadow;
        foreach (var (key, window, count) in rows)
        {
            Require(
                stored is not null && count <= stored.Count(key, window), "not ahead",
                $"{Space.Key(key)} {KeySpace.Window(window)} is shown as {count}, stored is {stored?.Count(key, window)}");
        }

        Require(late <= (stored?.Late ?? 0), "not ahead", $"{late} late are shown, stored are {stored?.Late ?? 0}");
    }

    public void Committed(PartitionLog log, long offset)
    {
        for (var bucket = 0; bucket < Space.BucketCount; bucket++)
        {
            JudgeDurable(bucket, log, offset);
            JudgeShown(bucket, log, offset);
        }
    }

    public void Session(IngestorShell shell)
    {
        RequireOfMeans(
            shell.Tally.Unaccepted == shell.UnacceptedCount, "session",
            $"{shell} waits for {shell.Tally.Unaccepted} acceptances, true are {shell.UnacceptedCount}");
        RequireOfMeans(
            shell.Tally.Committed <= world.Broker.HighestEverCommitted(shell.Log), "session",
            $"{shell} takes {shell.Tally.Committed} for committed, which never was");
    }

    /// <summary>All committed offsets have reached the ends that were read when the stream was declared complete.</summary>
    public void Exported(IReadOnlyList<(PartitionLog Log, long End)> ends)
    {
        for (var bucket = 0; bucket < Space.BucketCount; bucket++)
        {
            var consumed = ends.Sum(end => (long)end.Log.CountBelow(bucket, end.End));
            var shown = ShownOf(bucket);
            Require(
                shown >= consumed, "shown", $"{Space.Bucket(bucket)} exports {shown} of {consumed} events");
        }
    }

    /// <summary>The last judgement: everything is committed, and nothing is under way.</summary>
    public void Ended()
    {
        for (var bucket = 0; bucket < Space.BucketCount; bucket++)
        {
            foreach (var log in world.CurrentLogs)
            {
                JudgeDurable(bucket, log, log.End);
                JudgeShown(bucket, log, log.End);
            }

            JudgeTruth(bucket);
        }

        if (world.Logs.Count == world.CurrentLogs.Count)
            JudgeBalance();
    }

    private void JudgeTruth(int bucket)
    {
        // Of a topic that was deleted, what its buckets had stored remains true; the rest went with it.
        var newest = world.JournalOf(bucket).Newest;
        var truth = new Dictionary<(int Key, int Window), long>();
        var late = 0L;
        foreach (var log in world.Logs)
        {
            foreach (var (_, key, window) in log.EventsOf(bucket, 0, PositionIn(newest, log)))
            {
                late += window == KeySpace.Late ? 1 : 0;
                truth[(key, window)] = truth.GetValueOrDefault((key, window)) + 1;
            }
        }

        for (var key = 0; key < Space.KeyCount; key++)
        {
            for (var window = 0; window < WorldSettings.MostWindows && Space.BucketOf(key) == bucket; window++)
            {
                var (shown, expected) = (world.Tables.Count(key, window), truth.GetValueOrDefault((key, window)));
                Require(
                    shown == expected, "truth",
                    $"{Space.Key(key)} {KeySpace.Window(window)} is shown as {shown}, true are {expected}");
            }
        }

        Require(
            late == world.Tables.Late(bucket), "balance",
            $"{Space.Bucket(bucket)} had {late} late events and tells of {world.Tables.Late(bucket)}");
    }

    private void JudgeBalance()
    {
        var consumed = world.Logs.Sum(log => (long)log.RecordCount);
        var shownByRollup = new Dictionary<string, long>();
        for (var bucket = 0; bucket < Space.BucketCount; bucket++)
        {
            var rollup = Space.Bucket(bucket).Rollup;
            shownByRollup[rollup] = shownByRollup.GetValueOrDefault(rollup) + ShownOf(bucket);
        }

        var dead = shownByRollup[KeySpace.DeadLetters.Name];
        foreach (var (rollup, shown) in shownByRollup)
        {
            if (rollup == KeySpace.DeadLetters.Name)
                continue;
            Require(
                shown + dead == consumed, "balance",
                $"{rollup}: {shown} counted or late + {dead} dead-lettered, consumed were {consumed}");
        }
    }

    private void JudgeDurable(int bucket, PartitionLog log, long committed)
    {
        var needed = log.PositionPastLastEventBelow(bucket, committed);
        if (needed == 0)
            return;
        var position = PositionIn(world.JournalOf(bucket).Newest, log);
        Require(
            position >= needed, "durable",
            $"{log.Partition} is committed to {committed}, {Space.Bucket(bucket)} has stored up to {position} only and has an "
            + $"event at {needed - 1}");
    }

    private void JudgeShown(int bucket, PartitionLog log, long committed)
    {
        var needed = log.PositionPastLastEventBelow(bucket, committed);
        var row = needed == 0 ? null : _lineages[bucket].Find(row => PositionIn(row, log) >= needed);
        if (row is null)
            return;

        for (var key = 0; key < Space.KeyCount; key++)
        {
            for (var window = 0; window < WorldSettings.MostWindows && Space.BucketOf(key) == bucket; window++)
            {
                Require(
                    world.Tables.Count(key, window) >= row.Shadow.Count(key, window), "shown",
                    $"{log.Partition} is committed to {committed}, {Space.Key(key)} {KeySpace.Window(window)} is shown as "
                    + $"{world.Tables.Count(key, window)} of {row.Shadow.Count(key, window)}");
            }
        }

        Require(
            world.Tables.Late(bucket) >= row.Shadow.Late, "shown",
            $"{log.Partition} is committed to {committed}, late are shown as {world.Tables.Late(bucket)} of {row.Shadow.Late}");
    }

    private long ShownOf(int bucket)
    {
        var shown = world.Tables.Late(bucket);
        for (var key = 0; key < Space.KeyCount; key++)
        {
            for (var window = 0; window < WorldSettings.MostWindows && Space.BucketOf(key) == bucket; window++)
                shown += world.Tables.Count(key, window);
        }

        return shown;
    }

    private static long PositionIn(JournalRow? row, PartitionLog log)
    {
        foreach (var (partition, position) in row?.Checkpoint.Positions ?? [])
        {
            if (partition == log.Partition)
                return position;
        }

        return 0;
    }

    private void RequireOfMeans(
        bool holds, string invariant,
        [InterpolatedStringHandlerArgument(nameof(holds))] RequirementDetail detail) =>
        Require(holds || outcomesOnly, invariant, detail);

    private static void Require(
        bool holds, string invariant,
        [InterpolatedStringHandlerArgument(nameof(holds))] RequirementDetail detail)
    {
        if (!holds)
            throw new InvariantViolation(invariant, detail.ToString());
    }
}
