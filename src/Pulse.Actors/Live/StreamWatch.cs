using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Akka.Event;
using Pulse.Actors.Broker;
using Pulse.Actors.Ingest;
using Pulse.Actors.Storage;
using Pulse.Counting;

namespace Pulse.Actors.Live;

/// <summary>
/// Keeps <see cref="StreamView"/> true: asks brokers and storage every two seconds, never while a question is under way, and judges
/// every second what has become of each partition. One per node.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "An actor ends in PostStop, which disposes.")]
internal sealed class StreamWatch : ReceiveActor, IWithTimers
{
    /// <summary>How often it asks.</summary>
    public static readonly TimeSpan AskInterval = TimeSpan.FromSeconds(2);

    /// <summary>How often it judges.</summary>
    public static readonly TimeSpan JudgeInterval = TimeSpan.FromSeconds(1);

    /// <summary>How long brokers may take for one question.</summary>
    public static readonly TimeSpan QuestionLimit = TimeSpan.FromSeconds(3);

    // A node tells once a second what it reads.
    private static readonly TimeSpan NodeFreshness = TimeSpan.FromSeconds(5);

    private readonly StreamSources _sources;
    private readonly ClusterView _cluster;
    private readonly StreamView _view;
    private readonly StreamAssessment _assessment;
    private readonly IngestStatistics _ingest;
    private readonly StreamReport _report;
    private readonly Dictionary<int, long> _newClientAt = [];
    private readonly HashSet<int> _cutsSeen = [];
    private readonly CancellationTokenSource _stopping = new();
    private StreamAnswers _answers = new();
    private bool _isAsking;
    private bool _isKeeping;

    /// <summary>For <see cref="Props"/>, which makes it by reflection.</summary>
    /// <param name="sources">Whom it asks.</param>
    /// <param name="cluster">What nodes say that they read.</param>
    /// <param name="view">What to keep true.</param>
    /// <param name="assessment">Judges.</param>
    /// <param name="ingest">What this node reads.</param>
    public StreamWatch(StreamSources sources, ClusterView cluster, StreamView view, StreamAssessment assessment, IngestStatistics ingest)
    {
        (_sources, _cluster, _view, _assessment, _ingest) = (sources, cluster, view, assessment, ingest);
        _report = new StreamReport(Context.GetLogger());
        Receive<Begin>(_ => Start());
        Receive<AskNow>(_ => Ask());
        // A handler that returns false would say that it did not handle the message.
        Receive<Asked>(_ => { _isAsking = false; });
        Receive<JudgeNow>(_ => Judge());
        Receive<Described>(message => _answers = _answers.With(message.Topic, message.AskedUtc));
        Receive<Measured>(message =>
        {
            Take(message.Stream, answers => answers with { Measured = (message.Spans, message.AskedUtc), Cuts = message.Cuts });
            Keep(message);
        });
        Receive<CutsKept>(message =>
        {
            _isKeeping = false;
            if (message.Problem is { } problem)
                _answers = _answers with { StorageProblem = problem };
        });
        Receive<Stored>(message => Take(
            message.Stream, answers => answers with { Stored = (message.Progress, message.AskedUtc), StorageProblem = null }));
        Receive<KafkaFailed>(message => _answers = _answers with
        {
            KafkaProblem = message.Problem,
            IsRefused = message.IsAnswer,
        });
        Receive<StorageFailed>(message => _answers = _answers with { StorageProblem = message.Problem });
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private static DateTime NowUtc => Context.System.Scheduler.Now.UtcDateTime;

    /// <inheritdoc />
    protected override void PostStop()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    // What was told only once outlives this incarnation.
    /// <inheritdoc />
    protected override void PreRestart(Exception reason, object message)
    {
        Self.Tell(Begin.Instance);
        base.PreRestart(reason, message);
    }

    private void Start()
    {
        _view.State = new StreamState(NowUtc, NowUtc);
        Timers.StartPeriodicTimer(AskNow.Instance, AskNow.Instance, TimeSpan.Zero, AskInterval);
        Timers.StartPeriodicTimer(JudgeNow.Instance, JudgeNow.Instance, JudgeInterval);
    }

    private void Ask()
    {
        if (_isAsking)
            return;
        _isAsking = true;
        var (self, stopping, scheduler, before) = (Self, _stopping.Token, Context.System.Scheduler, _answers);
        Task.Run(
            () => Task.WhenAll(AskKafkaAsync(before, self, scheduler, stopping), AskStorageAsync(before.Described?.Topic.Stream, self, scheduler, stopping)),
            stopping)
            .PipeTo(self, success: () => Asked.Instance, failure: _ => Asked.Instance);
    }

    // An answer is as old as its question: on a busy machine it may be seconds on its way.
    private async Task AskKafkaAsync(StreamAnswers before, IActorRef self, ITimeProvider time, CancellationToken stopping)
    {
        try
        {
            var askedUtc = time.Now.UtcDateTime;
            var topic = await _sources.DescribeAsync(stopping).ConfigureAwait(false);
            self.Tell(new Described(topic, askedUtc));
            askedUtc = time.Now.UtcDateTime;
            var spans = await _sources.MeasureAsync(topic, stopping).ConfigureAwait(false);
            // What was stored before the log's end was asked for was in the log.
            ImmutableHashSet<int> cuts = before.Described?.Topic.Stream == topic.Stream && before.Stored is { Progress: var stored }
                ? [.. spans.Where(span => span.Value.End < stored[span.Key]).Select(span => span.Key)]
                : [];
            self.Tell(new Measured(topic.Stream, spans, cuts, askedUtc));
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            self.Tell(new KafkaFailed(exception.Message.ReplaceLineEndings(" "), exception is IngestException { IsAnswer: true }));
        }
    }

    private async Task AskStorageAsync(string? stream, IActorRef self, ITimeProvider time, CancellationToken stopping)
    {
        if (stream is null)
            return;
        try
        {
            var askedUtc = time.Now.UtcDateTime;
            self.Tell(new Stored(stream, await _sources.ReadStoredAsync(stream, stopping).ConfigureAwait(false), askedUtc));
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            self.Tell(new StorageFailed(exception.Message.ReplaceLineEndings(" ")));
        }
    }

    // Meanwhile the topic may have been made again.
    private void Take(string stream, Func<StreamAnswers, StreamAnswers> with)
    {
        if (_answers.Described?.Topic.Stream == stream)
            _answers = with(_answers);
    }

    // The reader may be gone by the time that the log has grown beyond what was stored, under the epochs that it had: then nothing in it
    // tells any more that it was cut. Keeping it may wait for a rebuild, and brokers are asked meanwhile.
    private void Keep(Measured message)
    {
        var found = message.Cuts.Except(_answers.Stored?.Progress.Cuts ?? []);
        if (_isKeeping || found.IsEmpty)
            return;
        _isKeeping = true;
        KeepAsync(message, found).PipeTo(
            Self, success: () => new CutsKept(null), failure: cause => new CutsKept(cause.Message.ReplaceLineEndings(" ")));
    }

    private async Task KeepAsync(Measured message, ImmutableHashSet<int> cuts)
    {
        foreach (var partition in cuts)
            await _sources.KeepCutAsync(
                new StreamPartition(message.Stream, partition),
                new LogPosition(message.Spans[partition].End, LogPosition.UnknownEpoch),
                _stopping.Token).ConfigureAwait(false);
    }

    private void Judge()
    {
        _view.State = _assessment.Next(_view.State, _answers, _cluster.HeardWithin(NodeFreshness), NowUtc);
        _report.Tell(_view.State, _cluster.Self);
        AskForNewClient();
        StopWhereCut();
    }

    // Another node may have found it when the reader here had begun.
    private void StopWhereCut()
    {
        var cuts = _answers.Stored?.Progress.Cuts ?? [];
        _cutsSeen.IntersectWith(cuts);
        foreach (var partition in cuts)
        {
            if (_ingest.Status(partition) is { } status && _cutsSeen.Add(partition) && status.Standing is null)
                Context.System.EventStream.Publish(new ReadAnew(partition));
        }
    }

    // A client ignores a leader whose epoch is lower than the last one it knew, and waits for ever. Where a new client receives nothing
    // either, there is nothing to receive, as behind a transaction that is left open.
    private void AskForNewClient()
    {
        if (_view.State.StorageProblem is not null || _view.State.SpokenForBy(_cluster.Self).FirstOrDefault(MissesRecords) is not { } partition)
            return;
        _newClientAt[partition.Partition] = partition.Position!.Value;
        Context.System.EventStream.Publish(new ReadAnew(partition.Partition));
    }

    private bool MissesRecords(PartitionState partition) =>
        partition is { Standing.Cause: StandingCause.NoProgress, HasLeader: true }
        && partition.Position < partition.End
        && _ingest.Status(partition.Partition) is { Waits: true }
        && _newClientAt.GetValueOrDefault(partition.Partition, -1) != partition.Position;

    /// <summary>Sent once the node is a member: before that nobody reads here, and others may be waited for long.</summary>
    internal sealed record Begin : INoSerializationVerificationNeeded
    {
        public static Begin Instance { get; } = new();
    }

    private sealed record AskNow : INoSerializationVerificationNeeded
    {
        public static AskNow Instance { get; } = new();
    }

    private sealed record JudgeNow : INoSerializationVerificationNeeded
    {
        public static JudgeNow Instance { get; } = new();
    }

    private sealed record Asked : INoSerializationVerificationNeeded
    {
        public static Asked Instance { get; } = new();
    }

    private sealed record Described(TopicDescription Topic, DateTime AskedUtc) : INoSerializationVerificationNeeded;

    private sealed record Measured(string Stream, ImmutableDictionary<int, LogSpan> Spans, ImmutableHashSet<int> Cuts, DateTime AskedUtc)
        : INoSerializationVerificationNeeded;

    private sealed record Stored(string Stream, StoredProgress Progress, DateTime AskedUtc) : INoSerializationVerificationNeeded;

    private sealed record KafkaFailed(string Problem, bool IsAnswer) : INoSerializationVerificationNeeded;

    private sealed record CutsKept(string? Problem) : INoSerializationVerificationNeeded;

    private sealed record StorageFailed(string Problem) : INoSerializationVerificationNeeded;
}
