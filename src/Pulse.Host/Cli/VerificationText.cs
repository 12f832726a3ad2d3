using System.Globalization;
using Pulse.Verification;

namespace Pulse.Host.Cli;

/// <summary>Writes what a verification found for people.</summary>
internal static class VerificationText
{
    private const int MaximumPartitions = 5;
    private const int MaximumRanges = 5;

    /// <summary>A verdict's name.</summary>
    public static string Name(Verdict verdict) => verdict switch
    {
        Verdict.Pass => "PASS",
        Verdict.Fail => "FAIL",
        _ => "CANNOT SAY",
    };

    /// <summary>Writes the report; the verdict is the last line.</summary>
    public static void Write(VerificationReport report, TextWriter output)
    {
        var width = report.Rollups.Max(rollup => rollup.Rollup.Length);
        foreach (var rollup in report.Rollups)
        {
            output.WriteLine(Text(
                $"{rollup.Rollup.PadRight(width)}  {Name(rollup.Verdict),-10}  {rollup.Cells:N0} cells, {rollup.Counted:N0} of {report.Records:N0} records counted"));
            foreach (var line in Lines(rollup))
                output.WriteLine($"  {line}");
        }

        foreach (var doubt in report.Doubts)
            output.WriteLine(doubt);
        output.WriteLine(Conclusion(report));
    }

    /// <summary>The verdict and what it is about, in one line.</summary>
    public static string Conclusion(VerificationReport report) => Text(
        $"{Name(report.Verdict)}  {report.Rollups.Sum(rollup => rollup.Cells):N0} cells, {report.Records:N0} records read in {report.Duration.TotalSeconds:0.0} s, {report.Rollups.Sum(rollup => rollup.DifferenceCount):N0} differences");

    /// <summary>The same where nothing could be judged.</summary>
    public static string Conclusion(VerificationException why) => $"{Name(Verdict.CannotSay)}  {why.Message}";

    private static IEnumerable<string> Lines(RollupReport rollup)
    {
        foreach (var difference in rollup.Differences)
        {
            yield return Of(difference);
            if (difference.OffsetCount > 0)
                yield return $"  records (partition:offset): {Offsets(difference)}";
        }

        if (rollup.DifferenceCount > rollup.Differences.Count)
            yield return Text($"and {rollup.DifferenceCount - rollup.Differences.Count:N0} more differences");
        foreach (var line in Ranges("gone of", rollup.Gone).Concat(Ranges("counted before the log was cut, of", rollup.Cuts)))
            yield return line;
        if (rollup.EarlierWindows.Count > 0)
            yield return Text(
                $"counted in part by an earlier version of Pulse: {rollup.EarlierWindows.Count:N0} windows, which end from {Time(rollup.EarlierWindows[0])} to {Time(rollup.EarlierWindows[^1])}");
    }

    private static IEnumerable<string> Ranges(string what, IReadOnlyList<GoneRange> partitions)
    {
        foreach (var gone in partitions.Take(MaximumPartitions))
            yield return Text(
                $"{what} partition {gone.Partition} of {gone.Stream}: {string.Join(", ", gone.Offsets.Take(MaximumRanges))}{(gone.Offsets.Count > MaximumRanges ? ", …" : "")} ({gone.Total:N0} offsets)");
        if (partitions.Count > MaximumPartitions)
            yield return Text(
                $"and {partitions.Skip(MaximumPartitions).Sum(gone => gone.Total):N0} offsets of {partitions.Count - MaximumPartitions:N0} more partitions");
    }

    private static string Of(Difference difference)
    {
        var log = difference.Least == difference.Greatest
            ? Text($"{difference.Least}")
            : Text($"{difference.Least} to {difference.Greatest}");
        if (difference.Problem is { } problem)
            return Text($"row ({string.Join(", ", difference.Key)}) of the window that ends {(difference.WindowEnd is { } ended ? Time(ended) : "at no time")}: Pulse writes no such row, {problem}");
        return difference.Counter is { } counter
            ? Text($"bucket {difference.Bucket}: {counter} is {difference.Stored}, by the log {log}")
            : Text($"window that ends {(difference.WindowEnd is { } end ? Time(end) : "at no time")}, ({string.Join(", ", difference.Key)}): the table has {difference.Stored}, the log {log}");
    }

    private static string Offsets(Difference difference)
    {
        var more = difference.OffsetCount - difference.Offsets.Count;
        return string.Join(' ', difference.Offsets.Select(each => Text($"{each.Partition}:{each.Offset}")))
            + (more > 0 ? Text($" and {more:N0} more") : "");
    }

    private static string Time(DateTime utc) => utc.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
