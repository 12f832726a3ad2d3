using Pulse.Actors.Ingest;
using Pulse.Actors.Storage;
using System.Collections.Immutable;
using Pulse.Warehouse;

namespace Pulse.Actors.Coordination;

/// <summary>What the coordinator stores in its journal, and all that <see cref="ExportLedger"/> is made of.</summary>
/// <param name="Completion">The completion whose round it belongs to.</param>
public abstract record ExportEvent(CompletionId Completion);

/// <summary>A completion that had not been seen before begins to wait for its round.</summary>
/// <param name="Completion">The completion.</param>
/// <param name="TimestampUtc">When the stream was completed, by its producer's clock, UTC.</param>
/// <param name="AcceptedUtc">When it was accepted, UTC.</param>
/// <param name="Ends">What every partition of the event topic held when it was accepted.</param>
public sealed record CompletionAccepted(
    CompletionId Completion, DateTime TimestampUtc, DateTime AcceptedUtc, ImmutableArray<PartitionRange> Ends)
    : ExportEvent(Completion)
{
    /// <summary>
    /// The stream of events that was completed, to which the ends belong. Versions before named completions by it, whatever topic they
    /// were in.
    /// </summary>
    public string Stream { get; init; } = Completion.Stream;

    /// <summary>How many events below the ends are not known to be stored; zero when the stream is drained.</summary>
    /// <param name="stored">How far the completion's stream is stored.</param>
    public long EventsToDrain(StoredProgress stored) => Ends.Sum(end => end.NotStored(stored[end.Partition]));
}

/// <summary>Every event below the completion's ends is stored.</summary>
/// <param name="Completion">The completion.</param>
public sealed record StreamDrained(CompletionId Completion) : ExportEvent(Completion);

/// <summary>
/// Not every event below the completion's ends is stored any more: the database went back to an earlier state. The round
/// waits for them anew.
/// </summary>
/// <param name="Completion">The completion.</param>
public sealed record StorageWentBack(CompletionId Completion) : ExportEvent(Completion);

/// <summary>Which dates the round exports.</summary>
/// <param name="Completion">The completion.</param>
/// <param name="Dates">Every date that storage holds of every rollup, each once; may be empty.</param>
public sealed record ExportPlanned(CompletionId Completion, ImmutableArray<RollupDate> Dates) : ExportEvent(Completion);

/// <summary>
/// A load of a planned date begins: stored before anything of it reaches the warehouse, so that whoever comes after a
/// crash knows what may be under way there.
/// </summary>
/// <param name="Completion">The completion.</param>
/// <param name="Date">The date.</param>
/// <param name="Digest">The <see cref="DateContent.Digest"/> of the rows.</param>
public sealed record LoadBegun(CompletionId Completion, RollupDate Date, string Digest) : ExportEvent(Completion);

/// <summary>One planned date is in the warehouse.</summary>
/// <param name="Completion">The completion.</param>
/// <param name="Date">The date.</param>
/// <param name="Result">What the warehouse holds for it.</param>
public sealed record DateExported(CompletionId Completion, RollupDate Date, ExportedDate Result)
    : ExportEvent(Completion);

/// <summary>Every planned date is in the warehouse; the round is over.</summary>
/// <param name="Completion">The completion.</param>
/// <param name="EndedUtc">When, UTC.</param>
public sealed record ExportCompleted(CompletionId Completion, DateTime EndedUtc) : ExportEvent(Completion);

/// <summary>The round is over without having finished; the next completion exports everything anew.</summary>
/// <param name="Completion">The completion.</param>
/// <param name="EndedUtc">When, UTC.</param>
/// <param name="Reason">Why, in one line for people.</param>
public sealed record ExportGivenUp(CompletionId Completion, DateTime EndedUtc, string Reason)
    : ExportEvent(Completion);
