using Akka.Actor;
using Akka.Hosting;
using Pulse.Actors.Hosting;
using Pulse.Actors.Ingest;
using Pulse.Actors.Ingest.Sinks;
using Pulse.Simulator;
using Pulse.Simulator.Producing;

namespace Pulse.Host.Embedded;

/// <summary>Runs the simulator in this process, never faster than the node commits.</summary>
internal sealed class EmbeddedSimulator(
    SimulatorOptions options,
    TruthFile truthFile,
    IRequiredActor<StreamIngest> ingest,
    IngestStatistics statistics,
    DeadLetterStatistics deadLetters,
    PulseSettings settings,
    RunOutcome outcome,
    ILogger<EmbeddedSimulator> log) : BackgroundService
{
    private static readonly TimeSpan CommitPoll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan CommitRequestInterval = TimeSpan.FromMilliseconds(250);
    private long _committedAtStart;
    private long _lastCommitRequest;

    /// <summary>How far the run is; null before it begins.</summary>
    public SimulatorProgress? Progress { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var reader = await ingest.GetAsync(stoppingToken);
            await UntilAsync(() => statistics.Partitions.Count == EmbeddedStream.Partitions, stoppingToken);
            _committedAtStart = statistics.Partitions.Sum(partition => Math.Min(partition.Committed ?? 0, deadLetters.PositionOf(partition.Partition)));
            await using var ends = new TopicEnds(settings.Kafka);
            var run = new SimulatorRun(
                options, (produced, token) => WaitForCommitsAsync(reader, ends, produced, token), new LatestProgress(this));
            var result = await run.RunAsync(stoppingToken);
            if (truthFile.Path is not null)
                WriteTruth(result);
            if (result.Failure is { } failure)
                outcome.Fail($"The simulator failed: {failure}");
            else if (result.Completed)
                log.LogInformation("*** DATA SIMULATION COMPLETED *** {Events:N0} events delivered.", result.Delivered);
            else
                log.LogInformation("The simulator was stopped; {Events:N0} events were delivered.", result.Delivered);
        }
        catch (SimulatorException failure)
        {
            outcome.Fail($"The simulator failed: {failure.Message}");
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops before the first event.
        }
    }

    private void WriteTruth(SimulatorResult result)
    {
        try
        {
            using var file = File.Create(truthFile.Path!);
            result.Truth.Write(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            outcome.Fail($"--truth: {truthFile.Path} can't be written ({exception.Message}).");
        }
    }

    private async ValueTask WaitForCommitsAsync(IActorRef reader, TopicEnds ends, long produced, CancellationToken cancellation)
    {
        if (Uncommitted(ends, produced) < EmbeddedStream.RecordsUncommittedPerPartition / 2)
            return;
        await UntilAsync(
            () =>
            {
                RequestCommit(reader);
                return Uncommitted(ends, produced) < EmbeddedStream.RecordsUncommittedPerPartition;
            },
            cancellation);
    }

    /// <summary>Of the fullest partition; what is still on its way to the broker is taken to be spread evenly.</summary>
    private long Uncommitted(TopicEnds ends, long produced)
    {
        var (committed, fullest) = (0L, 0L);
        foreach (var partition in statistics.Partitions)
        {
            // Bad records are read twice: the broker must not drop them before they were sent.
            var done = Math.Min(partition.Committed ?? 0, deadLetters.PositionOf(partition.Partition));
            committed += done;
            fullest = Math.Max(fullest, (ends[partition.Partition] ?? 0) - done);
        }

        return Math.Max(fullest, (produced - (committed - _committedAtStart)) / EmbeddedStream.Partitions);
    }

    private void RequestCommit(IActorRef reader)
    {
        var now = Environment.TickCount64;
        if (now - _lastCommitRequest < CommitRequestInterval.TotalMilliseconds)
            return;
        _lastCommitRequest = now;
        reader.Tell(FlushNow.Instance);
    }

    private static async Task UntilAsync(Func<bool> condition, CancellationToken cancellation)
    {
        while (!condition())
            await Task.Delay(CommitPoll, cancellation);
    }

    private sealed class LatestProgress(EmbeddedSimulator simulator) : IProgress<SimulatorProgress>
    {
        public void Report(SimulatorProgress value) => simulator.Progress = value;
    }
}
