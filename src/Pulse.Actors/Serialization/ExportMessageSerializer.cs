using System.Collections.Immutable;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;
using Akka.Util;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Pulse.Actors.Export;

namespace Pulse.Actors.Serialization;

/// <summary>
/// Turns what the coordinator stores and publishes into protobuf (<c>export.proto</c>) and back. Every manifest carries
/// a version: bytes once written are readable for ever.
/// </summary>
/// <param name="system">The actor system, as Akka hands it over.</param>
public sealed class ExportMessageSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const string AcceptedManifest = "export.completion-accepted.v1";
    private const string DrainedManifest = "export.stream-drained.v1";
    private const string PlannedManifest = "export.planned.v1";
    private const string LoadBegunManifest = "export.load-begun.v1";
    private const string DateExportedManifest = "export.date-exported.v1";
    private const string CompletedManifest = "export.completed.v1";
    private const string GivenUpManifest = "export.given-up.v1";
    private const string LedgerManifest = "export.ledger.v1";
    private const string CheckpointRequestedManifest = "export.checkpoint-requested.v1";
    private const string StartedManifest = "export.started.v1";
    private const string ProgressManifest = "export.progress.v1";
    private const string DateProgressManifest = "export.date-progress.v1";
    private const string FinishedManifest = "export.finished.v1";
    private const string FailedManifest = "export.failed.v1";
    private const string GetStateManifest = "export.get-state.v1";
    private const string StateManifest = "export.state.v1";

    private static readonly int EpochDay = DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;

    /// <summary>The serializer's number, stored beside every event; never to be changed or used by another.</summary>
    public override int Identifier => 1701;

    /// <summary>Registers the serializer for all that it can write.</summary>
    public static Config Config { get; } = ConfigurationFactory.ParseString($$"""
        akka.actor {
          serializers.pulse-export = "{{typeof(ExportMessageSerializer).TypeQualifiedName()}}"
          serialization-identifiers."{{typeof(ExportMessageSerializer).TypeQualifiedName()}}" = 1701
          serialization-bindings {
            "{{typeof(ExportEvent).TypeQualifiedName()}}" = pulse-export
            "{{typeof(ExportNotice).TypeQualifiedName()}}" = pulse-export
            "{{typeof(ExportLedger).TypeQualifiedName()}}" = pulse-export
            "{{typeof(CheckpointRequested).TypeQualifiedName()}}" = pulse-export
            "{{typeof(GetExportState).TypeQualifiedName()}}" = pulse-export
            "{{typeof(ExportState).TypeQualifiedName()}}" = pulse-export
          }
        }
        """);

    /// <inheritdoc />
    public override string Manifest(object o) => o switch
    {
        CompletionAccepted => AcceptedManifest,
        StreamDrained => DrainedManifest,
        ExportPlanned => PlannedManifest,
        LoadBegun => LoadBegunManifest,
        DateExported => DateExportedManifest,
        ExportCompleted => CompletedManifest,
        ExportGivenUp => GivenUpManifest,
        ExportLedger => LedgerManifest,
        CheckpointRequested => CheckpointRequestedManifest,
        ExportStarted => StartedManifest,
        ExportProgress => ProgressManifest,
        DateProgress => DateProgressManifest,
        ExportFinished => FinishedManifest,
        ExportFailed => FailedManifest,
        GetExportState => GetStateManifest,
        ExportState => StateManifest,
        _ => throw Unknown(o),
    };

    /// <inheritdoc />
    public override byte[] ToBinary(object obj)
    {
        IMessage message = obj switch
        {
            CompletionAccepted it => Write(it),
            StreamDrained it => new Proto.StreamDrained { Completion = Write(it.Completion) },
            ExportPlanned it => new Proto.ExportPlanned
            {
                Completion = Write(it.Completion),
                Dates = { it.Dates.Select(Write) },
            },
            LoadBegun it => new Proto.LoadBegun
            {
                Completion = Write(it.Completion),
                Date = Write(it.Date),
                Digest = it.Digest,
            },
            DateExported it => Write(it),
            ExportCompleted it => new Proto.ExportCompleted
            {
                Completion = Write(it.Completion),
                Ended = Timestamp.FromDateTime(it.EndedUtc),
            },
            ExportGivenUp it => new Proto.ExportGivenUp
            {
                Completion = Write(it.Completion),
                Ended = Timestamp.FromDateTime(it.EndedUtc),
                Reason = it.Reason,
            },
            ExportLedger it => Write(it),
            CheckpointRequested it => new Proto.CheckpointRequested { Completion = Write(it.Completion) },
            ExportStarted it => new Proto.ExportStarted
            {
                Completion = Write(it.Completion),
                Timestamp = Timestamp.FromDateTime(it.TimestampUtc),
                Resumed = it.Resumed,
            },
            ExportProgress it => Write(it),
            DateProgress it => Write(it),
            ExportFinished it => new Proto.ExportFinished { Outcome = Write(it.Outcome) },
            ExportFailed it => new Proto.ExportFailed { Outcome = Write(it.Outcome) },
            GetExportState => new Proto.GetExportState(),
            ExportState it => Write(it),
            _ => throw Unknown(obj),
        };
        return message.ToByteArray();
    }

    /// <inheritdoc />
    /// <exception cref="SerializationException">The manifest is of a version that this node does not know.</exception>
    public override object FromBinary(byte[] bytes, string manifest) => manifest switch
    {
        AcceptedManifest => Read(Proto.CompletionAccepted.Parser.ParseFrom(bytes)),
        DrainedManifest => new StreamDrained(Read(Proto.StreamDrained.Parser.ParseFrom(bytes).Completion)),
        PlannedManifest => Read(Proto.ExportPlanned.Parser.ParseFrom(bytes)),
        LoadBegunManifest => Read(Proto.LoadBegun.Parser.ParseFrom(bytes)),
        DateExportedManifest => Read(Proto.DateExported.Parser.ParseFrom(bytes)),
        CompletedManifest => Read(Proto.ExportCompleted.Parser.ParseFrom(bytes)),
        GivenUpManifest => Read(Proto.ExportGivenUp.Parser.ParseFrom(bytes)),
        LedgerManifest => Read(Proto.ExportLedger.Parser.ParseFrom(bytes)),
        CheckpointRequestedManifest =>
            new CheckpointRequested(Read(Proto.CheckpointRequested.Parser.ParseFrom(bytes).Completion)),
        StartedManifest => Read(Proto.ExportStarted.Parser.ParseFrom(bytes)),
        ProgressManifest => Read(Proto.ExportProgress.Parser.ParseFrom(bytes)),
        DateProgressManifest => Read(Proto.DateProgress.Parser.ParseFrom(bytes)),
        FinishedManifest => new ExportFinished(Read(Proto.ExportFinished.Parser.ParseFrom(bytes).Outcome)),
        FailedManifest => new ExportFailed(Read(Proto.ExportFailed.Parser.ParseFrom(bytes).Outcome)),
        GetStateManifest => GetExportState.Instance,
        StateManifest => Read(Proto.ExportState.Parser.ParseFrom(bytes)),
        _ => throw new SerializationException(
            $"This version of Pulse does not know the stored or sent message '{manifest}'. Was it written by a newer one?"),
    };

    private static Proto.CompletionId Write(CompletionId it) =>
        new() { Stream = it.Stream, Partition = it.Partition, Offset = it.Offset };

    private static CompletionId Read(Proto.CompletionId it) => new(it.Stream, it.Partition, it.Offset);

    private static Proto.RollupDate Write(RollupDate it) =>
        new() { Rollup = it.Rollup, EpochDay = it.Date.DayNumber - EpochDay };

    private static RollupDate Read(Proto.RollupDate it) =>
        new(it.Rollup, DateOnly.FromDayNumber(it.EpochDay + EpochDay));

    private static Proto.CompletionAccepted Write(CompletionAccepted it) => new()
    {
        Completion = Write(it.Completion),
        Timestamp = Timestamp.FromDateTime(it.TimestampUtc),
        Accepted = Timestamp.FromDateTime(it.AcceptedUtc),
        Ends =
        {
            it.Ends.Select(end => new Proto.PartitionRange { Partition = end.Partition, Low = end.Low, High = end.High }),
        },
    };

    private static CompletionAccepted Read(Proto.CompletionAccepted it) => new(
        Read(it.Completion), it.Timestamp.ToDateTime(), it.Accepted.ToDateTime(),
        [.. it.Ends.Select(end => new PartitionRange(end.Partition, end.Low, end.High))]);

    private static ExportPlanned Read(Proto.ExportPlanned it) =>
        new(Read(it.Completion), [.. it.Dates.Select(Read)]);

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
    };

    private static ExportedDate Read(Proto.ExportedDate it) =>
        new(it.Rows, it.ViewCount, it.Bytes, it.Digest, it.Unchanged);

    private static LoadBegun Read(Proto.LoadBegun it) => new(Read(it.Completion), Read(it.Date), it.Digest);

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
            progress.Trouble = trouble;
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

    private static ExportCompleted Read(Proto.ExportCompleted it) =>
        new(Read(it.Completion), it.Ended.ToDateTime());

    private static ExportGivenUp Read(Proto.ExportGivenUp it) =>
        new(Read(it.Completion), it.Ended.ToDateTime(), it.Reason);

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
                }),
            },
        };
        if (it.Failure is not null)
            outcome.Failure = it.Failure;
        return outcome;
    }

    private static ExportOutcome Read(Proto.ExportOutcome it) => new(
        Read(it.Completion), it.Started.ToDateTime(), it.Ended.ToDateTime(),
        [
            .. it.Rollups.Select(rollup =>
                new RollupExport(
                    rollup.Rollup, rollup.Dates, rollup.Rows, rollup.ViewCount, rollup.Bytes, rollup.Unchanged)),
        ],
        it.HasFailure ? it.Failure : null);

    private static ExportStarted Read(Proto.ExportStarted it) =>
        new(Read(it.Completion), it.Timestamp.ToDateTime(), it.Resumed);

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
        };
        if (it.Trouble is not null)
            state.Trouble = it.Trouble;
        return state;
    }

    private static ExportState Read(Proto.ExportState it) => new(
        it.Progress is { } progress ? Read(progress) : null,
        it.WaitingCompletions,
        it.LastOutcome is { } outcome ? Read(outcome) : null,
        it.HasTrouble ? it.Trouble : null)
    {
        Dates = [.. it.Dates.Select(Read)],
    };

    private static ArgumentException Unknown(object message) =>
        new($"{message.GetType()} is none of the coordinator's messages.");
}
