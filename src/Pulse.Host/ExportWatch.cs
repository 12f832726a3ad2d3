using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Pulse.Actors.Buckets;
using Pulse.Actors.Coordination;
using Pulse.Actors.Ingest;
using Pulse.Actors.Storage;
using Pulse.Host.Cli;
using Pulse.Warehouse;

namespace Pulse.Host;

/// <summary>
/// Tells people what the coordinator does, wherever in the cluster it runs, and with <c>--exit-on-complete</c> ends the
/// process after it. Also ends it when the stream can't be read as it is.
/// </summary>
internal sealed class ExportWatch : ReceiveActor
{
    private readonly Dictionary<RollupDate, (DateStep Step, string? JobState)> _last = [];

    public ExportWatch(bool exitOnComplete, RunOutcome outcome, LatestExport latest, ILogger<ExportWatch> log)
    {
        Receive<ExportStarted>(started =>
        {
            _last.Clear();
            log.LogInformation(
                "The stream is complete: making the last counts durable{Resumed}.", started.Resumed ? " (resumed)" : "");
        });
        Receive<ExportFinished>(finished =>
        {
            latest.Outcome = finished.Outcome;
            foreach (var rollup in finished.Outcome.Rollups)
            {
                log.LogInformation(
                    "Exported {Rollup}: {Views:N0} views in {Rows:N0} rows, {Dates} date(s), {Unchanged} unchanged, "
                    + "{Kilobytes:N0} kB.",
                    rollup.Rollup, rollup.ViewCount, rollup.Rows, rollup.Dates, rollup.Unchanged, rollup.Bytes / 1024.0);
                if (new KnownGaps(rollup.Lost, rollup.Cut) is { AreNone: false } gaps)
                    log.LogWarning("What was exported of {Rollup} is {Gaps}, of whatever date.", rollup.Rollup, gaps);
            }

            log.LogInformation("Export finished after {Seconds:N1} s.", finished.Outcome.Duration.TotalSeconds);
            if (exitOnComplete)
                outcome.Finish();
        });
        Receive<ExportFailed>(failed =>
        {
            latest.Outcome = failed.Outcome;
            log.LogError("Export failed: {Reason}", failed.Outcome.Failure);
            if (exitOnComplete)
                outcome.Fail($"The export failed: {failed.Outcome.Failure}");
        });
        Receive<ExportProgress>(_ => { });
        Receive<DateProgress>(progress =>
        {
            if (HasMoved(progress))
                log.LogInformation("Export of {Date}: {Status}", progress.Date, progress.Status);
        });
        Receive<OwnFault>(fault => outcome.Fail(fault.Message));
        Receive<DeclarationReplaced>(replaced => outcome.Fail(replaced.Message, HostCommand.WrongUsage));
        Receive<IngestRefused>(refused => outcome.Fail(
            refused.Message, refused.IsConfigured ? HostCommand.WrongUsage : HostCommand.Failed));
        Receive<SubscribeAck>(_ => { });
    }

    /// <summary>
    /// Whether a date is where a person waits for it: in a load job that takes its time, in trouble, or loaded. Every
    /// step of every date is more than anybody reads, and so is every date that had not changed.
    /// </summary>
    private bool HasMoved(DateProgress progress)
    {
        var isOfNote = progress.Status.Step is DateStep.Paused or DateStep.GivenUp or DateStep.Done;
        var now = (isOfNote ? progress.Status.Step : DateStep.Loading, progress.Status.JobState);
        var before = _last.TryGetValue(progress.Date, out var last) ? last : default;
        _last[progress.Date] = now;
        return now != before && (isOfNote || progress.Status.JobState is not null);
    }

    protected override void PreStart()
    {
        DistributedPubSub.Get(Context.System).Mediator.Tell(new Subscribe(Coordinator.ExportsTopic, Self));
        Context.System.EventStream.Subscribe(Self, typeof(OwnFault));
        Context.System.EventStream.Subscribe(Self, typeof(DeclarationReplaced));
        Context.System.EventStream.Subscribe(Self, typeof(IngestRefused));
    }
}
