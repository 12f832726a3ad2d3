using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Event;
using Akka.Pattern;
using Akka.Persistence;
using Pulse.Actors.Serialization;
using Pulse.Warehouse;

namespace Pulse.Actors.Coordination;

/// <summary>
/// The cluster singleton that reacts to completion and runs the export: a thin shell that does what its
/// <see cref="ExportLedger"/> says is next, stores what came of it, and tells everybody.
/// </summary>
/// <remarks>
/// <para>Takes <see cref="CompletionReceived"/> (answered with <see cref="CompletionConfirmed"/> once stored),
/// <see cref="GetExportState"/> (answered with <see cref="ExportState"/>) and <see cref="StopCoordinator"/>.</para>
/// <para>Whatever it asks its collaborators for runs outside the actor and comes back as a message. A collaborator's
/// failure never stops it; a journal's failure does, so start it with <see cref="SupervisedProps"/>.</para>
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "PostStop is an actor's end, and cancels what it owns.")]
public sealed partial class Coordinator : ReceivePersistentActor, IWithTimers
{
    /// <summary>The persistence id: there is one coordinator.</summary>
    public const string StoredAs = "coordinator";

    /// <summary>The publish-subscribe topic of every <see cref="ExportNotice"/>.</summary>
    public const string ExportsTopic = "pulse-exports";

    private const string ArrivalTimer = "arrival";
    private const string CheckpointTimer = "checkpoint";
    private const string ReminderTimer = "reminder";
    private const string PollTimer = "poll";
    private const string PlanTimer = "plan";
    private const string StopTimer = "stop";

    /// <summary>The most that dates take in a message; beside them goes how the last export ended.</summary>
    internal const int MostBytesOfDates = MessagePages.MaximumBytes / 2;

    private readonly ExportCollaborators _with;
    private readonly ExportOptions _options;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly CancellationTokenSource _stop = new();
    private readonly Queue<Arrival> _arrivals = new();
    private ExportLedger _ledger = ExportLedger.Empty;
    private ExportRun? _run;
    private ExportRun? _lastRun;
    private IActorRef? _listener;
    private int _outside;
    private int _arrivalFailures;
    private bool _isArrivalAtWork;
    private bool _isRecovered;
    private bool _isStopping;

    private Coordinator(ExportCollaborators with, ExportOptions options)
    {
        _with = with;
        _options = options;

        Recover<ExportEvent>(happened => _ledger = _ledger.Apply(happened));
        Recover<SnapshotOffer>(offer => _ledger = (ExportLedger)offer.Snapshot);
        Recover<RecoveryCompleted>(_ => Begin());

        Command<CompletionReceived>(completion =>
        {
            _arrivals.Enqueue(new Arrival(completion, Sender));
            Continue();
        });
        Command<EndsRead>(ends => Outside(() => Accept(ends)));
        Command<EndsNotRead>(failure => Outside(() => PauseArrival(failure.Cause)));
        Command<ArrivalPauseOver>(_ =>
        {
            _isArrivalAtWork = false;
            Continue();
        });
        Command<GetExportState>(_ => Sender.Tell(State()));
        Command<GetExportDates>(question => Sender.Tell(new ExportDates(DatesFrom(question.From))));

        HandleDraining();
        HandlePlanning();
        HandleExporting();
        HandleSnapshots();
        HandleStop();
    }

    /// <inheritdoc />
    public override string PersistenceId => StoredAs;

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>The bare coordinator, which stops when its journal fails.</summary>
    public static Props Props(ExportCollaborators with, ExportOptions options) =>
        Akka.Actor.Props.CreateBy(new Producer(with, options));

    /// <summary>
    /// The coordinator under a supervisor that starts it again, ever more slowly up to once in half a minute, after its
    /// journal failed. What a cluster singleton should be made of, with <see cref="StopCoordinator"/> as its
    /// termination message.
    /// </summary>
    public static Props SupervisedProps(ExportCollaborators with, ExportOptions options) =>
        BackoffSupervisor.Props(Backoff
            .OnStop(Props(with, options), StoredAs, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), 0.2, -1)
            .WithSupervisorStrategy(new OneForOneStrategy(_ => Directive.Stop))
            .WithFinalStopMessage(message => message is StopCoordinator));

    /// <inheritdoc />
    protected override void PostStop()
    {
        _stop.Cancel();
        base.PostStop();
    }

    // The storage monitor says that storage is away; the supervisor starts the coordinator again.
    /// <inheritdoc />
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        _log.Debug("The coordinator could not store event {0}: {1}", sequenceNr, OneLine(cause));

    /// <inheritdoc />
    protected override void OnRecoveryFailure(Exception reason, object? message = null) =>
        _log.Debug("The coordinator could not recover: {0}", OneLine(reason));

    private void Begin()
    {
        if (_with.Listener is { } props)
        {
            _listener = Context.ActorOf(props, "completion-listener");
            _listener.Tell(new ReadCompletions(_ledger.Seen));
        }

        Continue();
        _isRecovered = true;
    }

    /// <summary>Starts whatever the ledger says is next and is not being done yet.</summary>
    private void Continue()
    {
        if (_isStopping)
            return;

        TakeArrival();
        if (_ledger.Current is not { } round)
            return;

        if (_run?.Completion != round.Completion)
            Start(round);
        switch (round.Phase)
        {
            case ExportPhase.Draining:
                Drain(_run!);
                break;
            case ExportPhase.Planning:
                Plan(_run!, round);
                break;
            case ExportPhase.Exporting:
                ExportDates(_run!, round);
                break;
            case ExportPhase.Finishing:
                Record(new ExportCompleted(round.Completion, Now));
                break;
        }
    }

    private void Start(ExportRound round)
    {
        _run = _lastRun = new ExportRun(round.Completion);
        _with.Statistics.ExportStarted();
        _log.Info("Export of completion {0}: {1}.", round.Completion,
            _isRecovered ? "begun" : "taken up again where it stood");
        Tell(new ExportStarted(round.Completion, round.Accepted.TimestampUtc, !_isRecovered));
    }

    /// <summary>Stores an event, applies it, and goes on from there.</summary>
    private void Record(ExportEvent happened, Action? afterwards = null) => Persist(happened, stored =>
    {
        var before = _ledger;
        _ledger = _ledger.Apply(stored);
        var hasChanged = !ReferenceEquals(before, _ledger);
        afterwards?.Invoke();
        if (hasChanged && stored is ExportCompleted or ExportGivenUp)
            End();
        else if (hasChanged && stored is not (CompletionAccepted or LoadBegun))
            TellProgress();
        Continue();
    });

    private void End()
    {
        _run = null;
        foreach (var timer in (string[])[CheckpointTimer, ReminderTimer, PollTimer, PlanTimer])
            Timers.Cancel(timer);

        var outcome = _ledger.LastOutcome!;
        _with.Statistics.ExportEnded(outcome);
        if (outcome.Succeeded)
        {
            _log.Info("Export of completion {0} finished after {1:0.0} s: {2}.", outcome.Completion,
                outcome.Duration.TotalSeconds, Summary(outcome));
            Tell(new ExportFinished(outcome));
        }
        else
        {
            _log.Error("Export of completion {0} failed: {1} Counting goes on; the next completion exports everything.",
                outcome.Completion, outcome.Failure);
            Tell(new ExportFailed(outcome));
        }

        SaveSnapshot(_ledger);
    }

    private static string Summary(ExportOutcome outcome) => outcome.Rollups.IsEmpty
        ? "there was nothing to export"
        : string.Join("; ", outcome.Rollups.Select(rollup =>
            $"{rollup.Rollup} {rollup.Dates} dates, {rollup.Unchanged} of them unchanged, {rollup.Rows} rows, "
            + $"{rollup.ViewCount} views"));

    private ExportState State() => new(
        Progress(),
        Math.Max(0, _ledger.Rounds.Length - 1),
        _ledger.LastOutcome,
        _run?.Trouble)
    {
        Dates = DatesFrom(0),
        DateCount = _lastRun?.Statuses.Count ?? 0,
    };

    // As many as fit into a message.
    private ImmutableArray<DateProgress> DatesFrom(int first) => _lastRun is not { } run ? [] :
    [
        .. MessagePages.Of(
            run.Statuses
                .OrderBy(date => date.Key.Date).ThenBy(date => date.Key.Rollup, StringComparer.Ordinal)
                .Skip(first)
                .Select(date => new DateProgress(run.Completion, date.Key, date.Value)),
            ExportMessageSerializer.BytesOf,
            MostBytesOfDates).FirstOrDefault() ?? [],
    ];

    private ExportProgress? Progress() => _ledger.Current is not { } round
        ? null
        : new ExportProgress(round.Completion, round.Phase,
            round.Phase == ExportPhase.Draining ? _run?.EventsToDrain ?? 0 : 0,
            round.Exported.Count, round.Planned?.Length ?? 0);

    private void TellProgress()
    {
        if (Progress() is { } progress)
            Tell(progress);
    }

    private void Tell(ExportNotice notice)
    {
        Context.System.EventStream.Publish(notice);
        _with.Mediator.Tell(new Publish(ExportsTopic, notice));
    }

    private DateTime Now => Context.System.Scheduler.Now.UtcDateTime;

    /// <summary>Runs work outside the actor; its end comes back as a message, to be handled in <see cref="Outside"/>.</summary>
    private void RunOutside<T>(
        Func<CancellationToken, Task<T>> work, Func<T, object> succeeded, Func<Exception, object> failed)
    {
        _outside++;
        var token = _stop.Token;
        Task.Run(() => work(token), CancellationToken.None).PipeTo(Self, Self, succeeded, failed);
    }

    private void Outside(Action handle)
    {
        _outside--;
        handle();
        StopWhenAlone();
    }

    /// <summary>What a failure is for people: one line.</summary>
    private static string OneLine(Exception failure)
    {
        var cause = failure is AggregateException { InnerException: { } inner } ? inner : failure;
        var text = cause is WarehouseException or Storage.StorageException or StorageWentBackException
            ? cause.Message
            : $"{cause.GetType().Name}: {cause.Message}";
        return text.ReplaceLineEndings(" ");
    }

    // Props by a producer: the constructor is private, and no expression has to be compiled.
    private sealed class Producer(ExportCollaborators with, ExportOptions options) : IIndirectActorProducer
    {
        public Type ActorType => typeof(Coordinator);

        public ActorBase Produce() => new Coordinator(with, options);

        public void Release(ActorBase actor)
        {
        }
    }

    private sealed record Arrival(CompletionReceived Completion, IActorRef Sender);

    private sealed record EndsRead(string Stream, ImmutableArray<PartitionRange> Ends);

    private sealed record EndsNotRead(Exception Cause) : IDeadLetterSuppression;

    private sealed record ArrivalPauseOver
    {
        public static readonly ArrivalPauseOver Instance = new();
    }
}
