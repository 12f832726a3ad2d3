using Pulse.Benchmarks.Reporting;

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

    /// <summary>As a subject of a report.</summary>
    public Subject ToSubject() => new($"from {Source}",
    [
        new("rows", Rows),
        new("sent, MiB", Bytes / Mebibyte),
        new("staging, s", Staging.TotalSeconds),
        new("whole, s", Total.TotalSeconds),
        new("rows/s, staging", Rows / Staging.TotalSeconds),
        new("rows/s, whole", Rows / Total.TotalSeconds),
        new("CPU, µs/row", ProcessorTime.TotalMicroseconds / Rows),
        new("memory before, MiB", IdleBytes / Mebibyte),
        new("peak memory, MiB", PeakBytes / Mebibyte),
    ]);
}
