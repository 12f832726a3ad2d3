using Akka.Event;
using Confluent.Kafka;
using Pulse.Actors.Broker;

namespace Pulse.Actors.Ingest;

/// <summary>
/// Tells the consumer group how far a partition is stored, after the fact: a courtesy to lag monitors. Nobody reads it back.
/// Used by one thread.
/// </summary>
internal sealed class GroupOffset(
    TopicReader reader, AssignedPartition assigned, IngestStatistics statistics, ILoggingAdapter log)
{
    private long _told;
    private Task _telling = Task.CompletedTask;

    /// <summary>Tells an offset, if it is further than the last and nothing else is being told.</summary>
    /// <returns>Completes when what is being told was told, or could not be.</returns>
    public Task Tell(long offset)
    {
        if (offset > _told && _telling.IsCompleted)
            _telling = TellAsync(offset);
        return _telling;
    }

    private async Task TellAsync(long offset)
    {
        try
        {
            await reader.CommitAsync(assigned.Partition, offset).ConfigureAwait(false);
            _told = offset;
            statistics.Committed();
        }
        catch (KafkaException failure)
        {
            statistics.GroupRefuses = failure.Error.Code is ErrorCode.GroupAuthorizationFailed or ErrorCode.TopicAuthorizationFailed
                ? failure.Error.Reason.TrimEnd('.')
                : null;
            log.Debug("The group was not told that {0} is stored up to {1}: {2}", assigned.Partition, offset, failure.Message);
        }
    }
}
