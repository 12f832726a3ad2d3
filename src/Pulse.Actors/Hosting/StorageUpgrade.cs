using Confluent.Kafka;
using Pulse.Actors.Broker;
using Pulse.Actors.Coordination;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Upgrade;

namespace Pulse.Actors.Hosting;

/// <summary>
/// The upgrade of a database that an earlier version of Pulse wrote, before a node starts: the one time when the offsets are
/// read that its group has committed.
/// </summary>
public static class StorageUpgrade
{
    private static readonly TimeSpan BrokerTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Upgrades the database where an earlier version wrote it.</summary>
    /// <param name="storage">The node's storage, not prepared yet.</param>
    /// <param name="settings">The node's settings.</param>
    /// <param name="cancellationToken">Ends the work, of which nothing stays then.</param>
    /// <returns>What was brought over; null where there was nothing to do.</returns>
    /// <exception cref="StorageException">The database can't be upgraded as it is; the message says what to do.</exception>
    /// <exception cref="IngestException">Kafka does not say what the stream is, or what was committed.</exception>
    public static async Task<UpgradedDatabase?> RunAsync(
        NodeStorage storage, PulseSettings settings, CancellationToken cancellationToken) =>
        await storage.NeedsUpgradeAsync(cancellationToken).ConfigureAwait(false)
            ? await storage.UpgradeAsync(
                await ReadCommittedAsync(settings.Kafka, cancellationToken).ConfigureAwait(false),
                settings.Rules,
                cancellationToken).ConfigureAwait(false)
            : null;

    private static async Task<GroupProgress> ReadCommittedAsync(KafkaSettings kafka, CancellationToken cancellationToken)
    {
        try
        {
            using var questions = new TopicQuestions(kafka, BrokerTimeout);
            var stream = await questions.DescribeAsync(cancellationToken).ConfigureAwait(false);
            using var progress = new StreamProgress(new ClientConfig(kafka.ClientProperties()), BrokerTimeout);
            return new GroupProgress(
                kafka.GroupId,
                stream.Stream,
                await progress.CommittedOffsetsAsync(kafka.GroupId, kafka.Topic, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception exception) when (exception is KafkaException or TimeoutException)
        {
            throw new IngestException(
                $"Kafka at {kafka.BootstrapServers} does not say what group '{kafka.GroupId}' has committed in '{kafka.Topic}' "
                + $"({exception.Message.TrimEnd('.')}). The upgrade of a database needs that once: check that all partitions have a "
                + "leader, and Pulse:Kafka:GroupId.", exception);
        }
    }
}
