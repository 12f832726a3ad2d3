using System.Collections.Immutable;
using Akka.Actor;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Warehouse;

namespace Pulse.Actors.Coordination;

/// <summary>
/// What the coordinator needs from the outside. Everything may fail with an exception and is then tried again; none of
/// it may block the thread that calls it for long.
/// </summary>
public sealed record ExportCollaborators
{
    /// <summary>
    /// The identity of the stream of events as it is now; another one when the event topic was made again.
    /// </summary>
    public required Func<CancellationToken, Task<string>> StreamIdentity { get; init; }

    /// <summary>What every partition of the event topic holds now.</summary>
    public required Func<CancellationToken, Task<ImmutableArray<PartitionRange>>> ReadEnds { get; init; }

    /// <summary>How far a stream is stored: <see cref="ExportSource.ReadStoredAsync"/>.</summary>
    public required Func<string, CancellationToken, Task<StoredProgress>> ReadStored { get; init; }

    /// <summary>The rollups to export.</summary>
    public required RollupCatalog Catalog { get; init; }

    /// <summary>
    /// The dates of which storage holds rows, if it holds everything up to the completion's ends:
    /// <see cref="ExportSource.ReadDatesAsync"/>.
    /// </summary>
    public required Func<CompletionAccepted, CancellationToken, Task<IReadOnlyList<RollupDate>>> ReadDates { get; init; }

    /// <summary>
    /// The rows that storage holds of a date, if it holds everything up to the completion's ends:
    /// <see cref="ExportSource.ReadRowsAsync"/>.
    /// </summary>
    public required Func<CompletionAccepted, Rollup, DateOnly, CancellationToken, IAsyncEnumerable<KeyCount>> ReadRows { get; init; }

    /// <summary>What the counts of a rollup lack: <see cref="ExportSource.ReadGapsAsync"/>; null where nobody can say.</summary>
    public Func<Rollup, CancellationToken, Task<KnownGaps>>? ReadGaps { get; init; }

    /// <summary>Where the export goes.</summary>
    public required IWarehouse Warehouse { get; init; }

    /// <summary>Counts what the coordinator exports, for metrics; one of its own where nobody reads it.</summary>
    public ExportStatistics Statistics { get; init; } = new();

    /// <summary>
    /// The distributed publish-subscribe mediator: <c>DistributedPubSub.Get(system).Mediator</c>.
    /// </summary>
    public required IActorRef Mediator { get; init; }

    /// <summary>
    /// Makes the coordinator's child that tells it <see cref="CompletionReceived"/>:
    /// <see cref="CompletionListener.Props"/>. Null: whoever else sends them.
    /// </summary>
    public Props? Listener { get; init; }
}
