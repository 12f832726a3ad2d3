using Pulse.Actors.Ingest;
using Pulse.Actors.Serialization;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Google.Protobuf.WellKnownTypes;
using Pulse.Warehouse;

namespace Pulse.Actors.Coordination;

/// <summary>
/// Turns what the coordinator stores and publishes into protobuf (<c>export.proto</c>) and back. Every manifest carries
/// a version: bytes once written are readable for ever.
/// </summary>
public sealed class ExportMessageSerializer(ExtendedActorSystem system) : MessageSerializer(system, Number, Formats)
{
    private const int Number = 1701;
    private const int BytesPerDate = 4;
    private static readonly int EpochDay = DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;

    private static readonly MessageFormat[] Formats =
    [
        MessageFormat.Of<CompletionAccepted, Proto.CompletionAccepted>("export.completion-accepted.v1", Write, Read),
        MessageFormat.Of<StreamDrained, Proto.StreamDrained>(
            "export.stream-drained.v1",
            it => new Proto.StreamDrained { Completion = Write(it.Completion) },
            it => new StreamDrained(Read(it.Completion))),
        MessageFormat.Of<StorageWentBack, Proto.StorageWentBack>(
            "export.storage-went-back.v1",
            it => new Proto.StorageWentBack { Completion = Write(it.Completion) },
            it => new StorageWentBack(Read(it.Completion))),
        MessageFormat.Of<ExportPlanned, Proto.ExportPlanned>(
            "export.planned.v1",
            it => new Proto.ExportPlanned { Completion = Write(it.Completion), Dates = { it.Dates.Select(Write) } },
            it => new ExportPlanned(Read(it.Completion), [.. it.Dates.Select(Read)])),
        MessageFormat.Of<LoadBegun, Proto.LoadBegun>(
            "export.load-begun.v1",
            it => new Proto.LoadBegun { Completion = Write(it.Completion), Date = Write(it.Date), Digest = it.Digest },
            it => new LoadBegun(Read(it.Completion), Read(it.Date), it.Digest)),
        MessageFormat.Of<DateExported, Proto.DateExported>("export.date-exported.v1", Write, Read),
        MessageFormat.Of<ExportCompleted, Proto.ExportCompleted>(
            "export.completed.v1",
            it => new Proto.ExportCompleted { Completion = Write(it.Completion), Ended = Timestamp.FromDateTime(it.EndedUtc) },
            it => new ExportCompleted(Read(it.Completion), it.Ended.ToDateTime())),
        MessageFormat.Of<ExportGivenUp, Proto.ExportGivenUp>(
            "export.given-up.v1",
            it => new Proto.ExportGivenUp
            {
                Completion = Write(it.Completion), Ended = Timestamp.FromDateTime(it.EndedUtc), Reason = it.Reason,
            },
            it => new ExportGivenUp(Read(it.Completion), it.Ended.ToDateTime(), it.Reason)),
        MessageFormat.Of<ExportLedger, Proto.ExportLedger>("export.ledger.v1", Write, Read),
        MessageFormat.Of<CheckpointRequested, Proto.CheckpointRequested>(
            "export.checkpoint-requested.v1",
            it => new Proto.CheckpointRequested { Completion = Write(it.Completion) },
            it => new CheckpointRequested(Read(it.Completion))),
        MessageFormat.Of<ExportStarted, Proto.ExportStarted>(
            "export.started.v1",
            it => new Proto.ExportStarted
            {
                Completion = Write(it.Completion), Timestamp = Timestamp.FromDateTime(it.TimestampUtc), Resumed = it.Resumed,
            },
            it => new ExportStarted(Read(it.Completion), it.Timestamp.ToDateTime(), it.Resumed)),
        MessageFormat.Of<ExportProgress, Proto.ExportProgress>("export.progress.v1", Write, Read),
        MessageFormat.Of<DateProgress, Proto.DateProgress>("export.date-progress.v1", Write, Read),
        MessageFormat.Of<ExportFinished, Proto.ExportFinished>(
            "export.finished.v1",
            it => new Proto.ExportFinished { Outcome = Write(it.Outcome) },
            it => new ExportFinished(Read(it.Outcome))),
        MessageFormat.Of<ExportFailed, Proto.ExportFailed>(
            "export.failed.v1",
            it => new Proto.ExportFailed { Outcome = Write(it.Outcome) },
            it => new ExportFailed(Read(it.Outcome))),
        MessageFormat.Empty("export.get-state.v1", GetExportState.Instance),
        MessageFormat.Of<ExportState, Proto.ExportState>("export.state.v1", Write, Read),
        MessageFormat.Of<GetExportDates, Proto.GetExportDates>(
            "export.get-dates.v1", it => new Proto.GetExportDates { From = it.From }, it => new GetExportDates(it.From)),
        MessageFormat.Of<ExportDates, Proto.ExportDates>(
            "export.dates.v1",
            it => new Proto.ExportDates { Dates = { it.Dates.Select(Write) } },
            it => new ExportDates([.. it.Dates.Select(Read)])),
    ];

    /// <summary>What a date takes in a message.</summary>
    internal static int BytesOf(DateProgress date) => Write(date).CalculateSize() + BytesPerDate;

    /// <summary>Registers the serializer for its messages.</summary>
    public static Config Configuration { get; } = ConfigurationOf<ExportMessageSerializer>("pulse-export", Number, Formats);

    private static Proto.CompletionId Write(CompletionId it) =>
        new() { Stream = it.Stream, Partition = it.Partition, Offset = it.Offset };

    private static CompletionId Read(Proto.CompletionId it) => new(it.Stream, it.Partition, it.Offset);

    private static Proto.RollupDate Write(RollupDate it) =>
        new() { Rollup = it.Rollup, EpochDay = it.Date.DayNumber - EpochDay };

    private static RollupDate Read(Proto.RollupDate it) =>
        new(it.Rollup, DateOnly.FromDayNumber(it.EpochDay + EpochDay));

    private static Proto.CompletionAccepted Write(CompletionAccepted it)
    {
        var accepted = new Proto.CompletionAccepted
        {
            Completion = Write(it.Completion),
            Timestamp = Timestamp.FromDateTime(it.TimestampUtc),
            Accepted = Timestamp.FromDateTime(it.AcceptedUtc),
            Ends =
            {
                it.Ends.Select(end => new Proto.PartitionRange { Partition = end.Partition, Low = end.Low, High = end.High }),
            },
        };
        if (it.Stream != it.Completion.Stream)
            accepted.Stream = it.Stream;
        return accepted;
    }

    private static CompletionAccepted Read(Proto.CompletionAccepted it)
    {
        var accepted = new CompletionAccepted(
            Read(it.Completion), it.Timestamp.ToDateTime(), it.Accepted.ToDateTime(),
            [.. it.Ends.Select(end => new PartitionRange(end.Partition, end.Low, end.High))]);
        return it.HasStream ? accepted with { Stream = it.Stream } : accepted;
    }

    private static Proto.DateExported Write(DateExported it) => new()
    {
        Completion = Write(it.Completion),
        Date = Write(it.Date),
        Result = Write(it.Result),
    };

    private static DateExported Read(Proto.DateExported it) =>
        new(Read(it.Completion), Read(it.Date), Read(it.Result));

    private static Proto.ExportedDate Write(ExportedDate it) => new()
    {
        Rows = it.Rows,
        ViewCount = it.ViewCount,
        Bytes = it.Bytes,
        Digest = it.Digest,
        Unchanged = it.IsUnchanged,
        Lost = it.Gaps.Lost,
        Cut = it.Gaps.Cut,
    };

    private static ExportedDate Read(Proto.ExportedDate it) =>
        new(it.Rows, it.ViewCount, it.Bytes, it.Digest, it.Unchanged, new KnownGaps(it.Lost, it.Cut));

    private static Proto.DateProgress Write(DateProgress it)
    {
        var progress = new Proto.DateProgress
        {
            Completion = Write(it.Completion),
            Date = Write(it.Date),
            Step = (Proto.DateStep)(int)it.Status.Step,
            Rows = it.Status.Rows,
            Bytes = it.Status.Bytes,
        };
        if (it.Status.JobId is { } job)
            progress.JobId = job;
        if (it.Status.JobState is { } state)
            progress.JobState = state;
        if (it.Status.Trouble is { } trouble)
            progress.Trouble = MessagePages.Cut(trouble);
        return progress;
    }

    private static DateProgress Read(Proto.DateProgress it) => new(
        Read(it.Completion),
        Read(it.Date),
        new DateStatus(
            (DateStep)(int)it.Step,
            it.Rows,
            it.Bytes,
            it.HasJobId ? it.JobId : null,
            it.HasJobState ? it.JobState : null,
            it.HasTrouble ? it.Trouble : null));

    private static Proto.ExportLedger Write(ExportLedger it) => new()
    {
        Seen = { it.Seen.Select(Write) },
        Rounds = { it.Rounds.Select(Write) },
        LastOutcome = it.LastOutcome is { } outcome ? Write(outcome) : null,
        Loaded =
        {
            InOrder(it.Loaded).Select(loaded =>
                new Proto.LoadedDate { Date = Write(loaded.Key), Result = Write(loaded.Value) }),
        },
        Begun =
        {
            InOrder(it.Begun).Select(begun => new Proto.BegunLoad { Date = Write(begun.Key), Digest = begun.Value }),
        },
    };

    // So that equal ledgers are equal bytes.
    private static IEnumerable<KeyValuePair<RollupDate, T>> InOrder<T>(ImmutableDictionary<RollupDate, T> dates) =>
        dates.OrderBy(entry => entry.Key.Date).ThenBy(entry => entry.Key.Rollup, StringComparer.Ordinal);

    private static ExportLedger Read(Proto.ExportLedger it) => new(
        [.. it.Seen.Select(Read)],
        [.. it.Rounds.Select(Read)],
        it.LastOutcome is { } outcome ? Read(outcome) : null,
        it.Loaded.ToImmutableDictionary(loaded => Read(loaded.Date), loaded => Read(loaded.Result)),
        it.Begun.ToImmutableDictionary(begun => Read(begun.Date), begun => begun.Digest));

    private static Proto.ExportRound Write(ExportRound it) => new()
    {
        Completion = Write(it.Accepted),
        Drained = it.IsDrained,
        Planned = it.Planned is not null,
        Dates = { (it.Planned ?? []).Select(Write) },
        // In the order of the plan, so that equal rounds are equal bytes.
        Exported =
        {
            (it.Planned ?? []).Where(it.Exported.ContainsKey)
                .Select(date => Write(new DateExported(it.Completion, date, it.Exported[date]))),
        },
    };

    private static ExportRound Read(Proto.ExportRound it)
    {
        ImmutableArray<RollupDate>? planned = null;
        if (it.Planned)
            planned = [.. it.Dates.Select(Read)];
        return new ExportRound(Read(it.Completion), it.Drained, planned,
            it.Exported.Select(Read).ToImmutableDictionary(exported => exported.Date, exported => exported.Result));
    }

    private static Proto.ExportOutcome Write(ExportOutcome it)
    {
        var outcome = new Proto.ExportOutcome
        {
            Completion = Write(it.Completion),
            Started = Timestamp.FromDateTime(it.StartedUtc),
            Ended = Timestamp.FromDateTime(it.EndedUtc),
            Rollups =
            {
                it.Rollups.Select(rollup => new Proto.RollupExport
                {
                    Rollup = rollup.Rollup,
                    Dates = rollup.Dates,
                    Rows = rollup.Rows,
                    ViewCount = rollup.ViewCount,
                    Bytes = rollup.Bytes,
                    Unchanged = rollup.Unchanged,
                    Lost = rollup.Lost,
                    Cut = rollup.Cut,
                }),
            },
        };
        if (it.Failure is not null)
            outcome.Failure = MessagePages.Cut(it.Failure);
        return outcome;
    }

    private static ExportOutcome Read(Proto.ExportOutcome it) => new(
        Read(it.Completion), it.Started.ToDateTime(), it.Ended.ToDateTime(),
        [
            .. it.Rollups.Select(rollup =>
                new RollupExport(
                    rollup.Rollup, rollup.Dates, rollup.Rows, rollup.ViewCount, rollup.Bytes, rollup.Unchanged, rollup.Lost, rollup.Cut)),
        ],
        it.HasFailure ? it.Failure : null);

    private static Proto.ExportProgress Write(ExportProgress it) => new()
    {
        Completion = Write(it.Completion),
        Phase = (Proto.ExportPhase)(int)it.Phase,
        EventsToDrain = it.EventsToDrain,
        DatesExported = it.DatesExported,
        DatesPlanned = it.DatesPlanned,
    };

    private static ExportProgress Read(Proto.ExportProgress it) => new(
        Read(it.Completion), (ExportPhase)(int)it.Phase, it.EventsToDrain, it.DatesExported, it.DatesPlanned);

    private static Proto.ExportState Write(ExportState it)
    {
        var state = new Proto.ExportState
        {
            Progress = it.Progress is { } progress ? Write(progress) : null,
            WaitingCompletions = it.WaitingCompletions,
            LastOutcome = it.LastOutcome is { } outcome ? Write(outcome) : null,
            Dates = { it.Dates.Select(Write) },
            DateCount = it.DateCount,
        };
        if (it.Trouble is not null)
            state.Trouble = MessagePages.Cut(it.Trouble);
        return state;
    }

    private static ExportState Read(Proto.ExportState it) => new(
        it.Progress is { } progress ? Read(progress) : null,
        it.WaitingCompletions,
        it.LastOutcome is { } outcome ? Read(outcome) : null,
        it.HasTrouble ? it.Trouble : null)
    {
        Dates = [.. it.Dates.Select(Read)],
        DateCount = it.DateCount,
    };
}
