using Akka.Actor;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Cuts;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Ingest;

/// <summary>What all partition ingestors of a node share.</summary>
/// <param name="Catalog">The rollups to count.</param>
/// <param name="Versions">Their versions in the same order, and then that of <see cref="DeadLetters.Rollup"/>.</param>
/// <param name="Rules">The rules by which it is counted.</param>
/// <param name="FlushInterval">How long increments may wait before they are sent as deltas.</param>
/// <param name="StreamIngest">The node's <see cref="Ingest.StreamIngest"/>.</param>
/// <param name="Buckets">Where messages for buckets go: the node's <see cref="BucketOutbox"/>.</param>
/// <param name="DeadLetters">Is told where bad records are: the node's <see cref="Sinks.DeadLetterSink"/>.</param>
/// <param name="Statistics">What people and telemetry read.</param>
/// <param name="Storage">Whether anything can be made durable now.</param>
public sealed record IngestContext(
    RollupCatalog Catalog,
    IReadOnlyList<CountedVersion> Versions,
    CountingRules Rules,
    TimeSpan FlushInterval,
    IActorRef StreamIngest,
    IActorRef Buckets,
    IActorRef DeadLetters,
    IngestStatistics Statistics,
    StorageAvailability Storage)
{
    /// <summary>Asks which stream the topic is, in a question that leaves after the call.</summary>
    public required Func<CancellationToken, Task<string>> AskStream { get; init; }

    /// <summary>Reads whether a partition's log was found cut before, and nobody has decided about it; see <see cref="FoundCuts"/>.</summary>
    public required Func<StreamPartition, Task<FoundCut?>> ReadCut { get; init; }

    /// <summary>Keeps that a partition's log was found cut, and where.</summary>
    public required Func<StreamPartition, LogPosition?, Task> KeepCut { get; init; }

    /// <summary>Looks whether the log differs further below than the place that is kept, and keeps that; see <see cref="CutLook"/>.</summary>
    public required Func<StreamPartition, Task> LowerCut { get; init; }

    /// <summary>How much a session may have under way.</summary>
    public SessionLimits Limits { get; init; } = SessionLimits.Default;
}
