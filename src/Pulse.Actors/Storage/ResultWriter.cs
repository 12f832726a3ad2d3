using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Akka.Event;

namespace Pulse.Actors.Storage;

/// <summary>
/// Writes the results of all buckets of a node. What arrives while a transaction is under way goes into the next one,
/// so the busier the node, the larger its transactions. A transaction that fails is repeated, the same requests in the
/// same order, until it succeeds: requests wait in memory, at most one per bucket.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "An actor ends in PostStop, which disposes.")]
public sealed class ResultWriter : ReceiveActor, IWithTimers
{
    /// <summary>
    /// Requests are added to a transaction until it has this many rows, so one request more may exceed it. Bounds the
    /// time that the rows are locked for: half a second at the slowest rate measured.
    /// </summary>
    public const int RowsPerTransaction = 10_000;

    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(5);

    private readonly Func<IReadOnlyList<BucketResults>, CancellationToken, Task<IReadOnlyList<BucketResults>>> _write;
    private readonly ResultWriterCounters _counters;
    private readonly StorageOutageLog _outages;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Queue<Request> _waiting = new();
    private readonly List<Request> _current = [];
    private TimeSpan _backOff = FirstBackOff;

    /// <summary>For <see cref="Props"/>, which makes it by reflection.</summary>
    public ResultWriter(
        Func<IReadOnlyList<BucketResults>, CancellationToken, Task<IReadOnlyList<BucketResults>>> write,
        StorageAvailability availability,
        ResultWriterCounters counters)
    {
        _write = write;
        _counters = counters;
        _outages = new StorageOutageLog(availability, StorageActivity.Writing, Context.GetLogger());
        Receive<WriteResults>(Accept);
        Receive<Written>(written => Answer(written.Overtaken));
        Receive<Status.Failure>(failure => RetryLater(failure.Cause));
        Receive<Retry>(_ => Write());
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Makes the actor.</summary>
    /// <param name="write">Writes in one transaction: <see cref="ResultStore.UpsertAsync"/>.</param>
    /// <param name="availability">Told of failures and successes, so that an outage is logged once per node.</param>
    /// <param name="counters">Counts for telemetry.</param>
    public static Props Props(
        Func<IReadOnlyList<BucketResults>, CancellationToken, Task<IReadOnlyList<BucketResults>>> write,
        StorageAvailability availability,
        ResultWriterCounters counters) =>
        Akka.Actor.Props.Create(() => new ResultWriter(write, availability, counters));

    /// <inheritdoc />
    protected override void PostStop()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private void Accept(WriteResults request)
    {
        _counters.Received();
        _waiting.Enqueue(new Request(Sender, request.Results));
        if (_current.Count == 0)
            WriteNext();
    }

    private void WriteNext()
    {
        var rows = 0;
        while (rows < RowsPerTransaction && _waiting.TryDequeue(out var request))
        {
            _current.Add(request);
            rows += request.Results.Rows.Count;
        }

        if (_current.Count > 0)
            Write();
    }

    private void Write() => WriteAsync([.. _current.Select(request => request.Results)], _stopping.Token).PipeTo(
        Self, success: overtaken => new Written(overtaken), failure: cause => new Status.Failure(cause));

    // A write that throws before its first await must fail like any other.
    private async Task<IReadOnlyList<BucketResults>> WriteAsync(BucketResults[] results, CancellationToken stopping) =>
        await _write(results, stopping).ConfigureAwait(false);

    private void Answer(IReadOnlyList<BucketResults> overtaken)
    {
        _outages.Succeeded();
        _backOff = FirstBackOff;
        _counters.Written(_current.Count, _current.Sum(request => (long)request.Results.Rows.Count));
        foreach (var request in _current)
            request.Sender.Tell(overtaken.Contains(request.Results)
                ? new ResultsOvertaken(request.Results)
                : new ResultsWritten(request.Results));
        _current.Clear();
        WriteNext();
    }

    private void RetryLater(Exception cause)
    {
        _counters.Failed();
        _outages.Failed(cause);
        Timers.StartSingleTimer(Retry.Instance, Retry.Instance, _backOff);
        _backOff = _backOff * 2 < LongestBackOff ? _backOff * 2 : LongestBackOff;
    }

    private sealed record Written(IReadOnlyList<BucketResults> Overtaken) : INoSerializationVerificationNeeded;

    private sealed record Request(IActorRef Sender, BucketResults Results);

    private sealed class Retry : INoSerializationVerificationNeeded
    {
        public static readonly Retry Instance = new();
    }
}
