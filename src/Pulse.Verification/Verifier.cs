using System.Diagnostics;
using Pulse.Verification.Events;
using Pulse.Verification.Judging;
using Pulse.Verification.Log;
using Pulse.Verification.Storage;

namespace Pulse.Verification;

/// <summary>
/// Judges the tables by the log: reads one state of the database, then the topic up to the positions in it, and compares every cell
/// and every counter with what the records below each bucket's own positions make of them. Counting goes on meanwhile.
/// </summary>
public sealed class Verifier
{
    private readonly VerificationRequest _request;
    private readonly IProgress<VerificationProgress>? _progress;
    private readonly WindowRange _range;

    private Verifier(VerificationRequest request, IProgress<VerificationProgress>? progress)
    {
        (_request, _progress) = (request, progress);
        _range = WindowRange.Of(request);
    }

    /// <summary>Verifies.</summary>
    /// <exception cref="VerificationException">Nothing can be judged; the message says why.</exception>
    public static Task<VerificationReport> RunAsync(
        VerificationRequest request, IProgress<VerificationProgress>? progress, CancellationToken stop) =>
        new Verifier(request, progress).RunAsync(stop);

    private async Task<VerificationReport> RunAsync(CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        var questions = new TopicQuestions(_request.Log);
        var stream = await questions.StreamAsync().ConfigureAwait(false);
        var judges = await ReadDatabaseAsync(stream, stop).ConfigureAwait(false);
        var records = await Task.Run(() => ReadLog(judges, stop), stop).ConfigureAwait(false);

        var doubts = new List<string>();
        var holesCount = judges.Any(judge => judge.HasHoles) && await MayBeCompactedAsync(questions, doubts).ConfigureAwait(false);
        var concluded = judges.Select(judge => Conclude(judge, holesCount)).ToList();
        if (concluded.Any(each => each.Differences.HasCells))
            await Task.Run(() => FindOffsets(judges, [.. concluded.Select(each => each.Differences)], stop), stop).ConfigureAwait(false);

        doubts.AddRange(_request.Expected
            .Where(name => judges.All(judge => judge.Version.Declaration.Rollup != name))
            .Select(name => $"Rollup '{name}' is configured, and nothing of it is in the database."));
        var reports = concluded.Select((each, index) => Report(judges[index], each.Gone, each.Differences)).ToList();
        var verdict = reports.Exists(report => report.Verdict == Verdict.Fail) ? Verdict.Fail
            : doubts.Count > 0 || reports.Exists(report => report.Verdict == Verdict.CannotSay) ? Verdict.CannotSay
            : Verdict.Pass;
        // What was read may have been of either.
        if (await questions.StreamAsync().ConfigureAwait(false) is var now && now != stream)
        {
            doubts.Add($"The topic was made again meanwhile: it was {stream} and is {now}.");
            verdict = Verdict.CannotSay;
        }

        return new VerificationReport(verdict, stream, records, clock.Elapsed, reports, doubts);
    }

    private async Task<IReadOnlyList<RollupJudge>> ReadDatabaseAsync(string stream, CancellationToken stop)
    {
        var snapshot = await DatabaseSnapshot.TakeAsync(_request.Database, stop).ConfigureAwait(false);
        await using var disposing = snapshot.ConfigureAwait(false);
        var judges = new List<RollupJudge>();
        foreach (var version in await snapshot.ReadVersionsAsync(_request.Rollup, stop).ConfigureAwait(false))
        {
            var judge = new RollupJudge(version, stream, _range);
            judges.Add(judge);
            await foreach (var row in snapshot.ReadRowsAsync(version, stop).ConfigureAwait(false))
                judge.AddRow(row);
        }

        return judges;
    }

    private long ReadLog(IReadOnlyList<RollupJudge> judges, CancellationToken stop)
    {
        var read = new EventReader();
        var byRules = judges.GroupBy(judge => judge.Rules).Select(each => (Rules: each.Key, Judges: each.ToArray())).ToArray();
        var reader = new LogReader(_request.Log, Ends(judges))
        {
            OnRecord = record =>
            {
                read.Read(record.Value);
                foreach (var (rules, those) in byRules)
                {
                    var fault = rules.Judge(read, record.Time);
                    foreach (var judge in those)
                        judge.Count(record, read, fault);
                }
            },
            OnAbsent = (partition, range, why) =>
            {
                foreach (var judge in judges)
                    judge.NoteAbsent(partition, range, why);
            },
        };
        reader.Read(_progress, stop);
        return reader.Records;
    }

    private void FindOffsets(IReadOnlyList<RollupJudge> judges, Differences[] differences, CancellationToken stop)
    {
        var read = new EventReader();
        var reader = new LogReader(_request.Log, Ends(judges))
        {
            OnRecord = record =>
            {
                read.Read(record.Value);
                for (var index = 0; index < differences.Length; index++)
                    differences[index].Note(record, read, judges[index].Rules.Judge(read, record.Time));
            },
            OnAbsent = (_, _, _) => { },
        };
        reader.Read(_progress, stop);
    }

    private static Dictionary<int, long> Ends(IReadOnlyList<RollupJudge> judges)
    {
        var partitions = judges.Max(judge => judge.Buckets.Max(bucket => bucket.Offsets.Count));
        return Enumerable.Range(0, partitions).ToDictionary(number => number, number => judges.Max(judge => judge.End(number)));
    }

    private static async Task<bool> MayBeCompactedAsync(TopicQuestions questions, List<string> doubts)
    {
        var isCompacted = await questions.IsCompactedAsync().ConfigureAwait(false);
        if (isCompacted == true)
            doubts.Add("The topic is compacted: what is gone between its records may have been counted.");
        else if (isCompacted is null)
            doubts.Add("Kafka does not say whether the topic is compacted, and offsets between its records are gone.");
        return isCompacted != false;
    }

    private (IReadOnlyList<GoneRange> Gone, Differences Differences) Conclude(RollupJudge judge, bool holesCount)
    {
        var gone = judge.ConcludeGone(holesCount);
        return (gone, new Differences(judge, !_range.IsAll));
    }

    private RollupReport Report(RollupJudge judge, IReadOnlyList<GoneRange> gone, Differences differences)
    {
        // Where windows were asked for, the counters are about others as well.
        var isUncertain = gone.Count > 0 || judge.Cuts.Count > 0 || judge.EarlierWindows.Count > 0 || (_range.IsAll && judge.Earlier > 0);
        return new RollupReport(
            judge.Version.Declaration.Rollup,
            differences.Total > 0 ? Verdict.Fail : isUncertain ? Verdict.CannotSay : Verdict.Pass,
            judge.CellCount,
            judge.Buckets.Sum(bucket => bucket.Seen.Consumed),
            judge.Buckets.Sum(bucket => bucket.Seen.Counted),
            differences.Total,
            differences.Shown,
            gone,
            judge.Cuts,
            [.. judge.EarlierWindows.Keys.Order().Select(end => DateTime.UnixEpoch.AddMilliseconds(end))],
            [.. Enumerable.Range(0, judge.Buckets.Max(bucket => bucket.Offsets.Count)).Select(partition => PositionsIn(judge, partition))]);
    }

    private static PartitionPositions PositionsIn(RollupJudge judge, int partition)
    {
        var offsets = judge.Buckets.Select(bucket => partition < bucket.Offsets.Count ? bucket.Offsets[partition] : 0).ToList();
        return new PartitionPositions(partition, offsets.Min(), offsets.Max());
    }
}
