using System.Globalization;
using Pulse.Actors.Buckets;
using Pulse.Actors.Ingest;
using Pulse.Actors.Live;
using Pulse.Actors.Storage;
using Pulse.Host.Embedded;

namespace Pulse.Host.Console;

/// <summary>
/// Shows once a second what the node does: redrawn in place on a terminal, otherwise a log line every ten seconds
/// while something happens.
/// </summary>
internal sealed class StatusLine(
    ConsoleView view,
    IngestStatistics ingest,
    BucketStatistics buckets,
    StorageAvailability storage,
    StreamView stream,
    ClusterView cluster,
    IServiceProvider services,
    ILogger<StatusLine> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private const int TicksPerLogLine = 10;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval);
        var simulator = services.GetService<EmbeddedSimulator>();
        var before = 0L;
        var logged = 0L;
        try
        {
            for (var tick = 1; await timer.WaitForNextTickAsync(stoppingToken); tick++)
            {
                var consumed = ingest.Consumed;
                var status = Describe(consumed, consumed - before, simulator);
                before = consumed;
                view.SetStatus(status);
                if (view.IsTerminal || tick % TicksPerLogLine != 0 || consumed == logged)
                    continue;
                logged = consumed;
                log.LogInformation("{Status}", status);
            }
        }
        catch (OperationCanceledException)
        {
            view.SetStatus("");
        }
    }

    private string Describe(long consumed, long perSecond, EmbeddedSimulator? simulator)
    {
        var state = stream.State;
        var parts = new List<string>
        {
            Text($"{perSecond:N0} events/s"),
            Text($"{consumed:N0} read"),
            state.LagOf(cluster.Self) is { } lag ? Text($"lag {lag:N0}") : "lag unknown",
            Text($"{buckets.Running:N0} buckets"),
            ingest.LastCommit is { } commit
                ? Text($"committed {(DateTime.UtcNow - commit).TotalSeconds:N0} s ago")
                : "nothing committed yet",
        };
        if (ingest.DeadLettered > 0)
            parts.Add(Text($"{ingest.DeadLettered:N0} dead letters"));
        if (ingest.Formats.Problem is not null)
            parts.Add("WRONG FORMAT");
        if (!storage.IsAvailable)
            parts.Add("STORAGE AWAY");
        if (buckets.Apart is { Count: > 0 } apart)
            parts.Add(Text($"{string.Join(", ", apart.Select(each => each.Rollup))} APART"));
        if (state.KafkaAnsweredUtc is not null && !state.IsKafkaReachable)
            parts.Add(state.IsRefused ? "KAFKA REFUSES" : "KAFKA SILENT");
        else if (state.Standing.Select(partition => partition.Partition).ToList() is { Count: > 0 } standing)
            parts.Add(Text($"{PartitionNames.Of(standing)} {(standing.Count == 1 ? "STANDS" : "STAND")} STILL"));
        if (simulator?.Progress is { Total: { } total and > 0 } progress && progress.Delivered < total)
            parts.Add(Text($"simulator {100.0 * progress.Delivered / total:N0} %"));
        return string.Join(" · ", parts);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
