using Pulse.Actors.Ingest;
using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Event;
using Akka.Persistence;
using Pulse.Warehouse;

namespace Pulse.Actors.Coordination;

// What the ledger can ask for, in the order in which it does.
public sealed partial class Coordinator
{
    private void TakeArrival()
    {
        if (_isArrivalAtWork || _arrivals.Count == 0 || _ledger.Rounds.Length > _options.WaitingCompletions)
            return;

        _isArrivalAtWork = true;
        RunOutside(
            async token =>
            {
                var stream = await _with.StreamIdentity(token);
                return new EndsRead(stream, await _with.ReadEnds(token));
            },
            ends => ends,
            failure => new EndsNotRead(failure));
    }

    private void Accept(EndsRead read)
    {
        if (_isStopping)
            return;

        _arrivalFailures = 0;
        var (completion, sender) = _arrivals.Dequeue();
        var id = completion.Completion;
        void Confirm()
        {
            _isArrivalAtWork = false;
            sender.Tell(new CompletionConfirmed(id));
        }

        if (_ledger.HasSeen(id))
        {
            _log.Info("Completion {0} was delivered again and had been accepted before; nothing to do.", id);
            Confirm();
            Continue();
        }
        else
        {
            Record(new CompletionAccepted(id, completion.TimestampUtc, Now, read.Ends) { Stream = read.Stream }, Confirm);
        }
    }

    private void PauseArrival(Exception cause)
    {
        if (_isStopping)
            return;
        if (_arrivalFailures++ == 0)
            _log.Warning("A completion arrived, but Kafka does not say where the event topic ends; it will be asked "
                + "again until it does. {0}", OneLine(cause));
        Timers.StartSingleTimer(ArrivalTimer, ArrivalPauseOver.Instance, _options.PauseAfter(_arrivalFailures));
    }

    private void HandleDraining()
    {
        Command<DrainPoll>(_ =>
        {
            if (_run is { } run && _ledger.Phase == ExportPhase.Draining)
                ReadStored(run);
        });
        Command<CheckpointTick>(_ =>
        {
            if (_ledger is { Phase: ExportPhase.Draining, Current: { } round })
                RequestCheckpoint(round);
        });
        Command<ReminderTick>(_ =>
        {
            if (_run is { Trouble: null } run && _ledger.Phase == ExportPhase.Draining)
                _log.Info("Export of completion {0} still waits for {1} events to be counted and stored.",
                    run.Completion, run.EventsToDrain);
        });
        Command<StoredRead>(read => Outside(() => JudgeDrain(read)));
        Command<StoredNotRead>(failed => Outside(() =>
        {
            if (_run is not { } run || run.Completion != failed.Completion || _isStopping)
                return;
            run.Trouble = "How far the stream is stored can't be read. " + OneLine(failed.Cause);
            if (run.Failures++ == 0)
                _log.Warning("Export of completion {0} waits: {1}", run.Completion, run.Trouble);
            Timers.StartSingleTimer(PollTimer, DrainPoll.Instance, _options.PauseAfter(run.Failures));
        }));
    }

    private void Drain(ExportRun run)
    {
        if (run.IsDraining)
            return;

        run.IsDraining = true;
        RequestCheckpoint(_ledger.Current!);
        Timers.StartPeriodicTimer(CheckpointTimer, CheckpointTick.Instance, _options.CheckpointInterval);
        Timers.StartPeriodicTimer(ReminderTimer, ReminderTick.Instance, _options.ReminderInterval);
        ReadStored(run);
    }

    private void RequestCheckpoint(ExportRound round) =>
        _with.Mediator.Tell(new Publish(StreamIngest.Topic, new CheckpointRequested(round.Completion)));

    private void ReadStored(ExportRun run)
    {
        var completion = run.Completion;
        var accepted = _ledger.Current!.Accepted;
        RunOutside(
            async token =>
            {
                var events = accepted.EventsToDrain(await _with.ReadStored(accepted.Stream, token));
                // Whether anybody can still bring what is missing matters only where something is.
                return new StoredRead(completion, events, events == 0 ? accepted.Stream : await _with.StreamIdentity(token));
            },
            read => read,
            failure => new StoredNotRead(completion, failure));
    }

    private void JudgeDrain(StoredRead read)
    {
        if (_isStopping || _run is not { } run || _ledger.Current is not { Phase: ExportPhase.Draining } round
            || round.Completion != read.Completion)
            return;

        run.HasRecovered();
        var before = run.EventsToDrain;
        run.EventsToDrain = read.EventsToDrain;
        if (run.EventsToDrain == 0)
        {
            run.IsDraining = false;
            Timers.Cancel(CheckpointTimer);
            Timers.Cancel(ReminderTimer);
            Record(new StreamDrained(round.Completion));
            return;
        }

        if (read.StreamNow != round.Accepted.Stream)
        {
            // Nobody reads the stream that the ends belong to any more.
            Record(new ExportGivenUp(round.Completion, Now,
                "the event stream it belongs to was replaced by a new one before all of it was counted."));
            return;
        }

        if (before != run.EventsToDrain)
            TellProgress();
        Timers.StartSingleTimer(PollTimer, DrainPoll.Instance, _options.PollInterval);
    }

    /// <summary>Waits for the stream to be stored anew; what is in the warehouse already was read when it was.</summary>
    private void DrainAgain(ExportRun run, StorageWentBackException cause)
    {
        if (_ledger.Phase == ExportPhase.Draining)
            return;
        _log.Warning("Export of completion {0} waits once more until everything is stored: {1}", run.Completion, OneLine(cause));
        Record(new StorageWentBack(run.Completion));
    }

    private void HandlePlanning()
    {
        Command<PlanTick>(_ => Continue());
        Command<DatesRead>(read => Outside(() =>
        {
            if (_isStopping || _run is not { } run || run.Completion != read.Completion)
                return;
            run.HasRecovered();
            Record(new ExportPlanned(read.Completion, [.. read.Dates]));
        }));
        Command<DatesNotRead>(failed => Outside(() =>
        {
            if (_isStopping || _run is not { } run || run.Completion != failed.Completion)
                return;
            run.IsPlanning = false;
            if (failed.Cause is StorageWentBackException wentBack)
            {
                DrainAgain(run, wentBack);
                return;
            }

            run.Failures++;
            run.Trouble = "Storage does not say which dates it holds. " + OneLine(failed.Cause);
            if (run.Failures >= _options.Attempts)
            {
                Record(new ExportGivenUp(run.Completion, Now, run.Trouble));
                return;
            }

            if (run.Failures == 1)
                _log.Warning("Export of completion {0} will try again: {1}", run.Completion, run.Trouble);
            Timers.StartSingleTimer(PlanTimer, PlanTick.Instance, _options.PauseAfter(run.Failures));
        }));
    }

    private void Plan(ExportRun run, ExportRound round)
    {
        if (run.IsPlanning || Timers.IsTimerActive(PlanTimer))
            return;

        run.IsPlanning = true;
        // Every date that has rows, changed or not: only reading a date's rows tells whether they changed since its last
        // export, and that is the first step of each date.
        RunOutside(
            async token => new DatesRead(round.Completion, await _with.ReadDates(round.Accepted, token)),
            read => read,
            failure => new DatesNotRead(round.Completion, failure));
    }

    private void HandleExporting()
    {
        Command<DateReplaced>(replaced => Outside(() =>
        {
            if (_run is not { Dates: { } dates } run || run.Completion != replaced.Completion)
                return;
            dates.Succeeded(replaced.Date);
            _with.Statistics.DateExported(replaced.Result);
            if (dates.GivenUp == 0)
                run.Trouble = null;
            Record(new DateExported(replaced.Completion, replaced.Date, replaced.Result));
        }));
        Command<DateNotReplaced>(failed => Outside(() =>
        {
            if (_isStopping || _run is not { Dates: { } dates } run || run.Completion != failed.Completion)
                return;
            if (failed.Cause is StorageWentBackException wentBack)
            {
                dates.Postpone(failed.Date);
                TellDate(failed.Completion, failed.Date, new DateStatus(DateStep.Waiting));
                DrainAgain(run, wentBack);
                return;
            }

            PauseDate(run, dates, failed);
            Continue();
        }));
        Command<LoadBegins>(begins =>
        {
            // A successor may be at work when a stopped coordinator's date comes this far; it must not go further.
            if (_isStopping || _run?.Completion != begins.Completion)
                begins.Stored.TrySetCanceled();
            else
                Record(new LoadBegun(begins.Completion, begins.Date, begins.Digest), () => begins.Stored.TrySetResult());
        });
        Command<DateTold>(told => TellDate(told.Completion, told.Date, told.Status));
        Command<DatePauseOver>(over =>
        {
            if (_run is { Dates: { } dates } run && run.Completion == over.Completion)
                dates.Resume(over.Date);
            Continue();
        });
    }

    private void ExportDates(ExportRun run, ExportRound round)
    {
        if (run.Dates is null)
            ListDates(run, round);
        var dates = run.Dates ??= new DateAttempts(round.Remaining, _options);
        while (dates.TryStart(out var date))
            Replace(round.Accepted, date);
        if (dates.IsOver && dates.GivenUp > 0)
            Record(new ExportGivenUp(round.Completion, Now,
                $"{dates.GivenUp} of {round.Planned!.Value.Length} dates are not in the warehouse "
                + $"({_with.Warehouse.Description}). The first: {run.FirstGivenUp}"));
    }

    private void ListDates(ExportRun run, ExportRound round)
    {
        foreach (var date in round.Remaining)
            Note(run, date, new DateStatus(DateStep.Waiting));
        foreach (var (date, exported) in round.Exported)
            Note(run, date, Ended(exported));
    }

    private void Note(ExportRun run, RollupDate date, DateStatus status)
    {
        run.Statuses[date] = status;
        _with.Statistics.DateTold(date, status);
    }

    private static DateStatus Ended(ExportedDate exported) => new(
        exported.IsUnchanged ? DateStep.Unchanged : DateStep.Done, exported.Rows, exported.Bytes);

    private void TellDate(CompletionId completion, RollupDate date, DateStatus status)
    {
        if (_run is not { } run || run.Completion != completion)
            return;

        // The notices of a step carry what that step knows; the job of the steps before is still of interest.
        var before = run.Statuses.GetValueOrDefault(date);
        var known = status.JobId is null && status.Step is (DateStep.Verifying or DateStep.Done) && before is not null
            ? status with { JobId = before.JobId, JobState = before.JobState }
            : status;
        Note(run, date, known);
        if (before?.Step != known.Step || before.JobState != known.JobState)
            _log.Info("Export of {0}: {1}", date, known);
        Tell(new DateProgress(completion, date, known));
    }

    private void Replace(CompletionAccepted accepted, RollupDate date)
    {
        var completion = accepted.Completion;
        var export = new DateExport(_with.Warehouse, (rollup, day, token) => _with.ReadRows(accepted, rollup, day, token), _with.ReadGaps);
        var rollup = _with.Catalog.Rollups.FirstOrDefault(rollup => rollup.Name == date.Rollup);
        var history = _ledger.History(date);
        var self = Self;
        _with.Statistics.DateStarted();
        RunOutside(
            async token =>
            {
                try
                {
                    if (rollup is null)
                        throw new UndeclaredRollupException(date.Rollup);
                    using var deadline = CancellationTokenSource.CreateLinkedTokenSource(token);
                    deadline.CancelAfter(_options.DateDeadline);
                    var result = await export.RunAsync(
                        rollup,
                        date.Date,
                        history,
                        (digest, stop) => BeginAsync(self, completion, date, digest, stop),
                        status => self.Tell(new DateTold(completion, date, status)),
                        deadline.Token);
                    return new DateReplaced(completion, date, result);
                }
                finally
                {
                    _with.Statistics.DateEnded();
                }
            },
            replaced => replaced,
            failure => new DateNotReplaced(completion, date, failure));
    }

    private static Task BeginAsync(
        IActorRef self, CompletionId completion, RollupDate date, string digest, CancellationToken stop)
    {
        var stored = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        self.Tell(new LoadBegins(completion, date, digest, stored));
        return stored.Task.WaitAsync(stop);
    }

    private void PauseDate(ExportRun run, DateAttempts dates, DateNotReplaced failed)
    {
        var text = $"{failed.Date}: " + (failed.Cause is OperationCanceledException
            ? $"no end within {_options.DateDeadline.TotalMinutes:0} minutes."
            : OneLine(failed.Cause));
        run.Trouble = text;
        _with.Statistics.DateFailed();
        var isForGood = failed.Cause is UndeclaredRollupException or WarehouseException { IsPermanent: true };
        var pauseOrEnd = dates.Failed(failed.Date, isForGood);
        TellDate(failed.Completion, failed.Date, new DateStatus(
            pauseOrEnd is null ? DateStep.GivenUp : DateStep.Paused, Trouble: text));
        if (pauseOrEnd is { } pause)
        {
            // The first failure of a run of them is worth a warning; the pipeline's owner reads the rest in the state.
            if (run.Failures++ == 0)
                _log.Warning("Export of {0} Trying again up to {1} times.", text, _options.Attempts - 1);
            Timers.StartSingleTimer(
                failed.Date, new DatePauseOver(failed.Completion, failed.Date), pause);
        }
        else
        {
            run.FirstGivenUp ??= text;
        }
    }

    private void HandleSnapshots()
    {
        Command<SaveSnapshotSuccess>(saved =>
        {
            DeleteMessages(saved.Metadata.SequenceNr);
            DeleteSnapshots(new SnapshotSelectionCriteria(saved.Metadata.SequenceNr - 1));
        });
        // The journal still has every event then; the next round's snapshot will do.
        Command<SaveSnapshotFailure>(failed => _log.Warning(
            "The coordinator's snapshot could not be stored; its journal is kept longer. {0}", OneLine(failed.Cause)));
        Command<DeleteMessagesSuccess>(_ => { });
        Command<DeleteSnapshotsSuccess>(_ => { });
        Command<DeleteMessagesFailure>(failed => _log.Debug("Old events stay until later. {0}", OneLine(failed.Cause)));
        Command<DeleteSnapshotsFailure>(failed => _log.Debug("Old snapshots stay until later. {0}", OneLine(failed.Cause)));
    }

    private void HandleStop()
    {
        Command<StopCoordinator>(_ =>
        {
            if (_isStopping)
                return;
            _isStopping = true;
            Timers.CancelAll();
            _stop.Cancel();
            if (_listener is not null)
            {
                Context.Watch(_listener);
                _listener.Tell(StopCoordinator.Instance);
            }

            Timers.StartSingleTimer(StopTimer, StopDeadlineOver.Instance, _options.StopDeadline);
            StopWhenAlone();
        });
        Command<Terminated>(gone =>
        {
            if (gone.ActorRef.Equals(_listener))
                _listener = null;
            StopWhenAlone();
        });
        Command<StopDeadlineOver>(_ => Context.Stop(Self));
    }

    private void StopWhenAlone()
    {
        // What is being stored is stored before this actor can stop: its own message waits behind it.
        if (_isStopping && _outside == 0 && _listener is null)
            Self.Tell(StopDeadlineOver.Instance);
    }

    private sealed record DrainPoll
    {
        public static readonly DrainPoll Instance = new();
    }

    private sealed record CheckpointTick
    {
        public static readonly CheckpointTick Instance = new();
    }

    private sealed record ReminderTick
    {
        public static readonly ReminderTick Instance = new();
    }

    private sealed record PlanTick
    {
        public static readonly PlanTick Instance = new();
    }

    private sealed record StopDeadlineOver
    {
        public static readonly StopDeadlineOver Instance = new();
    }

    private sealed record StoredRead(CompletionId Completion, long EventsToDrain, string StreamNow);

    // Failures that come after an abrupt stop: a dead letter would show users their stack trace.
    private sealed record StoredNotRead(CompletionId Completion, Exception Cause) : IDeadLetterSuppression;

    private sealed record DatesRead(CompletionId Completion, IReadOnlyList<RollupDate> Dates);

    private sealed record DatesNotRead(CompletionId Completion, Exception Cause) : IDeadLetterSuppression;

    private sealed record DateReplaced(CompletionId Completion, RollupDate Date, ExportedDate Result)
        : IDeadLetterSuppression;

    private sealed record DateNotReplaced(CompletionId Completion, RollupDate Date, Exception Cause) : IDeadLetterSuppression;

    private sealed record LoadBegins(CompletionId Completion, RollupDate Date, string Digest, TaskCompletionSource Stored)
        : IDeadLetterSuppression;

    private sealed record DateTold(CompletionId Completion, RollupDate Date, DateStatus Status) : IDeadLetterSuppression;

    private sealed record DatePauseOver(CompletionId Completion, RollupDate Date);

    private sealed class UndeclaredRollupException(string rollup)
        : Exception($"the rollup '{rollup}' was planned but is not declared any more.");
}
