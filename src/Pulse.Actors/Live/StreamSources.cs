using System.Collections.Immutable;
using Pulse.Actors.Broker;
using Pulse.Actors.Storage;
using Pulse.Counting;

namespace Pulse.Actors.Live;

/// <summary>Whom a <see cref="StreamWatch"/> asks; each has a limit of its own. Called off the actor's thread.</summary>
/// <param name="DescribeAsync">Asks the brokers what the topic is.</param>
/// <param name="MeasureAsync">Asks the brokers what the logs of the topic's partitions that have a leader hold.</param>
/// <param name="ReadStoredAsync">Asks storage how far a stream is stored.</param>
/// <param name="KeepCutAsync">Has storage keep that a partition's log ended below what was stored of it, and where.</param>
internal sealed record StreamSources(
    Func<CancellationToken, Task<TopicDescription>> DescribeAsync,
    Func<TopicDescription, CancellationToken, Task<ImmutableDictionary<int, LogSpan>>> MeasureAsync,
    Func<string, CancellationToken, Task<StoredProgress>> ReadStoredAsync,
    Func<StreamPartition, LogPosition, CancellationToken, Task> KeepCutAsync);
