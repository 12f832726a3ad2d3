using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Pulse.Verification;

namespace Pulse.Host.Cli;

/// <summary>Writes what a verification found as one JSON object.</summary>
internal static class VerificationJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    /// <summary>Writes a report.</summary>
    public static string Write(VerificationReport report) => JsonSerializer.Serialize(
        new
        {
            Verdict = VerificationText.Name(report.Verdict),
            report.Stream,
            report.Records,
            Seconds = Math.Round(report.Duration.TotalSeconds, 3),
            report.Doubts,
            Rollups = report.Rollups.Select(rollup => new
            {
                rollup.Rollup,
                Verdict = VerificationText.Name(rollup.Verdict),
                rollup.Cells,
                rollup.Records,
                rollup.Counted,
                rollup.DifferenceCount,
                Differences = rollup.Differences.Select(Of),
                Gone = rollup.Gone.Select(Of),
                Cuts = rollup.Cuts.Select(Of),
                rollup.EarlierWindows,
                rollup.Positions,
            }),
        },
        Options);

    /// <summary>Writes why nothing can be said.</summary>
    public static string Write(VerificationException why) => JsonSerializer.Serialize(
        new { Verdict = VerificationText.Name(Verdict.CannotSay), Reason = why.Message }, Options);

    private static object Of(GoneRange gone) => new
    {
        gone.Stream,
        gone.Partition,
        Offsets = gone.Offsets.Select(range => range.ToString()),
        gone.Total,
    };

    private static object Of(Difference difference) => new
    {
        difference.WindowEnd,
        difference.Key,
        difference.Bucket,
        difference.Counter,
        difference.Problem,
        difference.Stored,
        difference.Least,
        difference.Greatest,
        difference.OffsetCount,
        Offsets = difference.Offsets.Select(each => new { each.Partition, each.Offset }),
    };
}
