using Pulse.Actors.Coordination;
using Pulse.Counting;
using Pulse.Warehouse;

namespace Pulse.Host.Cli;

/// <summary>One export by hand: a line for each date, a failure of one does not keep the others back.</summary>
internal sealed class ManualExport(DateExport export, bool isDryRun)
{
    private int _dates;
    private int _unchanged;
    private int _failures;
    private long _rows;
    private long _bytes;

    public async Task ExportAsync(Rollup rollup, DateOnly date, CancellationToken stop)
    {
        var what = $"{rollup.Name} of {date:yyyy-MM-dd}";
        try
        {
            // Without a coordinator's memory, the warehouse itself tells what it holds.
            var preview = await export.PreviewAsync(rollup, date, stop);
            var exported = preview.IsUnchanged || isDryRun ? preview : await LoadAsync(rollup, date, what, stop);
            _dates++;
            _rows += exported.Rows;
            _bytes += exported.Bytes;
            _unchanged += preview.IsUnchanged ? 1 : 0;
            System.Console.WriteLine($"{what}: {exported.Rows:N0} rows, {exported.ViewCount:N0} views, "
                + (preview.IsUnchanged ? "unchanged" : $"{exported.Bytes:N0} bytes {(isDryRun ? "would be loaded" : "loaded")}")
                + (exported.Gaps.AreNone ? "" : $"; counts of all dates are {exported.Gaps}"));
        }
        catch (WarehouseException exception)
        {
            _failures++;
            System.Console.Error.WriteLine(exception.Message);
        }
    }

    /// <summary>Says what came of it.</summary>
    /// <returns>The exit code.</returns>
    public int Finish()
    {
        System.Console.WriteLine(_dates + _failures == 0
            ? "Storage holds nothing to export."
            : $"{_dates - _unchanged} dates {(isDryRun ? "would be loaded" : "loaded")}, {_unchanged} unchanged, "
              + $"{_failures} failed: {_rows:N0} rows, {_bytes:N0} bytes.");
        return _failures == 0 ? HostCommand.Done : HostCommand.Failed;
    }

    private Task<ExportedDate> LoadAsync(Rollup rollup, DateOnly date, string what, CancellationToken stop)
    {
        string? job = null;
        return export.RunAsync(
            rollup, date, default, (_, _) => Task.CompletedTask,
            status =>
            {
                var line = $"{what}: job {status.JobId} {status.JobState}";
                if (status.JobState is null || Interlocked.Exchange(ref job, line) == line)
                    return;
                System.Console.WriteLine(line);
            },
            stop);
    }
}
