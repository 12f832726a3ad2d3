using System.Globalization;

namespace Pulse.Benchmarks.Export;

/// <summary>What one export took.</summary>
/// <param name="Source">Where the rows came from.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Bytes">Bytes sent.</param>
/// <param name="Staging">From the first row to the finished file.</param>
/// <param name="Total">From the first row to the verified partition, the fake's own work included.</param>
/// <param name="ProcessorTime">Of this process alone.</param>
/// <param name="IdleBytes">The process's working set before.</param>
/// <param name="PeakBytes">The process's largest working set.</param>
internal sealed record ExportResult(
    string Source,
    long Rows,
    long Bytes,
    TimeSpan Staging,
    TimeSpan Total,
    TimeSpan ProcessorTime,
    long IdleBytes,
    long PeakBytes)
{
    private const double Mebibyte = 1024 * 1024;

    /// <summary>One figure a line, for people and for scripts.</summary>
    public IEnumerable<string> Lines()
    {
        yield return $"source: {Source}";
        yield return Line("rows", Rows, "");
        yield return Line("sent", Bytes / Mebibyte, "MiB");
        yield return Line("staging", Staging.TotalSeconds, "s");
        yield return Line("total", Total.TotalSeconds, "s");
        yield return Line("rows/s, staging", Rows / Staging.TotalSeconds, "");
        yield return Line("rows/s, whole", Rows / Total.TotalSeconds, "");
        yield return Line("processor", ProcessorTime.TotalMicroseconds / Rows, "µs/row");
        yield return Line("memory before", IdleBytes / Mebibyte, "MiB");
        yield return Line("memory at its peak", PeakBytes / Mebibyte, "MiB");
    }

    private static string Line(string name, double figure, string unit) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}: {figure:#,0.##} {unit}").TrimEnd();
}
