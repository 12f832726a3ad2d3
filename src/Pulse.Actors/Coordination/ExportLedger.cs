using Pulse.Actors.Ingest;
using System.Collections.Immutable;
using Pulse.Warehouse;

namespace Pulse.Actors.Coordination;

/// <summary>
/// What has happened to every completion and what has to be done next: the coordinator's whole memory as a pure state
/// machine, without actors, I/O or a clock. Immutable; events are stored first and applied then, so a crash anywhere
/// loses at most work that is harmless to do again.
/// </summary>
/// <remarks>
/// Invariants. Rounds are worked on strictly one after another, in the order in which their completions were accepted.
/// A completion that was accepted once never starts a second round. An event that does not fit (a repetition, a late
/// answer for another round) changes nothing, so applying an event twice is applying it once.
/// </remarks>
public sealed class ExportLedger
{
    /// <summary>
    /// How many (stream, partition) pairs it remembers the last completion of. Only a broker's current stream can
    /// deliver again; older ones are kept for a change of mind, not for ever.
    /// </summary>
    public const int MaximumSeen = 64;

    /// <summary>Makes a ledger of parts that were stored.</summary>
    /// <param name="seen">The last accepted completion of each stream and partition, the longest untouched first.</param>
    /// <param name="rounds">The rounds that have not ended, in order.</param>
    /// <param name="lastOutcome">How the last round that ended did so.</param>
    /// <param name="loaded">What the warehouse held of each date after its last successful export.</param>
    /// <param name="begun">The digests of loads whose end is not known.</param>
    public ExportLedger(
        ImmutableArray<CompletionId> seen,
        ImmutableArray<ExportRound> rounds,
        ExportOutcome? lastOutcome,
        ImmutableDictionary<RollupDate, ExportedDate>? loaded = null,
        ImmutableDictionary<RollupDate, string>? begun = null)
    {
        Seen = seen;
        Rounds = rounds;
        LastOutcome = lastOutcome;
        Loaded = loaded ?? ImmutableDictionary<RollupDate, ExportedDate>.Empty;
        Begun = begun ?? ImmutableDictionary<RollupDate, string>.Empty;
    }

    /// <summary>The ledger before the first completion.</summary>
    public static ExportLedger Empty { get; } = new([], [], null);

    /// <summary>The last accepted completion of each stream and partition, the longest untouched first.</summary>
    public ImmutableArray<CompletionId> Seen { get; }

    /// <summary>The rounds that have not ended, in order; only the first is worked on.</summary>
    public ImmutableArray<ExportRound> Rounds { get; }

    /// <summary>How the last round that ended did so; null before the first.</summary>
    public ExportOutcome? LastOutcome { get; }

    /// <summary>
    /// What the warehouse held of each date after its last successful export, in whatever round. Dates that storage no
    /// longer holds are forgotten.
    /// </summary>
    public ImmutableDictionary<RollupDate, ExportedDate> Loaded { get; }

    /// <summary>The digests of loads that were begun, in whatever round, and whose end is not known.</summary>
    public ImmutableDictionary<RollupDate, string> Begun { get; }

    /// <summary>The round that is worked on; null if there is none.</summary>
    public ExportRound? Current => Rounds.IsEmpty ? null : Rounds[0];

    /// <summary>What has to be done next.</summary>
    public ExportPhase Phase => Current?.Phase ?? ExportPhase.Idle;

    /// <summary>What is known of a date's earlier loads.</summary>
    public LoadHistory History(RollupDate date) => new(
        Loaded.TryGetValue(date, out var loaded) && loaded.Digest.Length > 0 ? loaded.Digest : null,
        Begun.GetValueOrDefault(date));

    /// <summary>Whether a completion was accepted before, so that this is only another delivery of it.</summary>
    public bool HasSeen(CompletionId completion) =>
        Seen.Any(seen => IsSamePlace(seen, completion) && completion.Offset <= seen.Offset);

    /// <summary>The ledger after an event; this one, unchanged, where the event does not fit.</summary>
    public ExportLedger Apply(ExportEvent happened)
    {
        if (happened is CompletionAccepted accepted)
            return Accept(accepted);
        if (Current is not { } round || round.Completion != happened.Completion)
            return this;

        return happened switch
        {
            StreamDrained when round.Phase == ExportPhase.Draining => With(round with { IsDrained = true }),
            StorageWentBack when round.IsDrained => With(round with { IsDrained = false }),
            ExportPlanned planned when round.Phase == ExportPhase.Planning => Plan(round, planned),
            LoadBegun begun when round.Remaining.Contains(begun.Date)
                && Begun.GetValueOrDefault(begun.Date) != begun.Digest =>
                new ExportLedger(Seen, Rounds, LastOutcome, Loaded, Begun.SetItem(begun.Date, begun.Digest)),
            DateExported exported when round.Remaining.Contains(exported.Date) => Export(round, exported),
            ExportCompleted completed when round.Phase == ExportPhase.Finishing => End(completed.EndedUtc, null),
            ExportGivenUp givenUp => End(givenUp.EndedUtc, givenUp.Reason),
            _ => this,
        };
    }

    private ExportLedger Accept(CompletionAccepted accepted)
    {
        if (HasSeen(accepted.Completion))
            return this;

        // A version before named completions by the stream of events: with the first that has its own stream, these have served.
        var seen = Seen.RemoveAll(older => IsSamePlace(older, accepted.Completion)
                || (older.Stream == accepted.Stream && accepted.Stream != accepted.Completion.Stream))
            .Add(accepted.Completion);
        if (seen.Length > MaximumSeen)
            seen = seen.RemoveAt(0);
        return new ExportLedger(seen, Rounds.Add(new ExportRound(accepted)), LastOutcome, Loaded, Begun);
    }

    private ExportLedger Plan(ExportRound round, ExportPlanned planned)
    {
        ImmutableArray<RollupDate> dates = [.. planned.Dates.Distinct()];
        var loaded = Loaded.RemoveRange(Loaded.Keys.Except(dates));
        return new ExportLedger(
            Seen, Rounds.SetItem(0, round with { Planned = dates }), LastOutcome, loaded, Begun);
    }

    private ExportLedger Export(ExportRound round, DateExported exported)
    {
        var done = round with { Exported = round.Exported.Add(exported.Date, exported.Result) };
        return new ExportLedger(
            Seen, Rounds.SetItem(0, done), LastOutcome,
            Loaded.SetItem(exported.Date, exported.Result), Begun.Remove(exported.Date));
    }

    private ExportLedger With(ExportRound current) =>
        new(Seen, Rounds.SetItem(0, current), LastOutcome, Loaded, Begun);

    private ExportLedger End(DateTime endedUtc, string? failure)
    {
        var round = Rounds[0];
        var outcome = new ExportOutcome(
            round.Completion, round.Accepted.AcceptedUtc, endedUtc, round.ByRollup(), failure);
        return new ExportLedger(Seen, Rounds.RemoveAt(0), outcome, Loaded, Begun);
    }

    private static bool IsSamePlace(CompletionId left, CompletionId right) =>
        left.Partition == right.Partition && left.Stream == right.Stream;
}
