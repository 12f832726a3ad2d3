using Microsoft.Extensions.Logging;
using Pulse.Actors.Broker;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Streams;

namespace Pulse.Actors.Ingest;

/// <summary>
/// Says which stream the topic of viewing events is: Kafka says what the topic is now, and the database whether it counts that.
/// What it does not count is nobody's stream here: nothing is read of it, and nothing that was counted is confirmed by it.
/// Thread-safe; one per node.
/// </summary>
/// <param name="settings">How to reach Kafka.</param>
/// <param name="questions">Asks it.</param>
/// <param name="storage">Prepared.</param>
/// <param name="statistics">Told why the node does not read.</param>
/// <param name="log">Told which streams are counted from now on.</param>
public sealed class StreamAdmission(
    KafkaSettings settings, TopicQuestions questions, NodeStorage storage, IngestStatistics statistics, ILogger<StreamAdmission> log)
{
    private const int Attempts = 5;

    private volatile string? _admitted;

    /// <summary>Asks what the topic is now, in a question that leaves after this call.</summary>
    /// <returns>A stream that the database counts.</returns>
    /// <exception cref="IngestException">Kafka does not say it now.</exception>
    /// <exception cref="StreamRefusedException">It is one that the database does not count.</exception>
    /// <exception cref="StorageException">The database does not say it now.</exception>
    public async Task<TopicDescription> DescribeAsync(CancellationToken cancellationToken)
    {
        var topic = await questions.DescribeAsync(cancellationToken).ConfigureAwait(false);
        // With a configured identity nothing is known that could be compared.
        if (topic.Configured is null && topic.Stream != _admitted)
            await AdmitAsync(topic, cancellationToken).ConfigureAwait(false);
        statistics.Refusal = null;
        return topic;
    }

    /// <summary>The same for what was read and counted, of which the name alone is of interest; a configured one needs no question.</summary>
    /// <exception cref="IngestException">The same.</exception>
    /// <exception cref="StreamRefusedException">The same.</exception>
    /// <exception cref="StorageException">The same.</exception>
    public async Task<string> ConfirmAsync(CancellationToken cancellationToken) =>
        settings.StreamIdentity ?? (await DescribeAsync(cancellationToken).ConfigureAwait(false)).Stream;

    /// <summary>What Kafka says that a topic is, as the database knows it.</summary>
    public static CountedStream StreamOf(TopicDescription topic) => new(topic.Stream, topic.Cluster, topic.Topic, topic.Id ?? "");

    private async Task AdmitAsync(TopicDescription topic, CancellationToken cancellationToken)
    {
        var stream = StreamOf(topic);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var (standing, before) = await storage.AdmitStreamAsync(stream, cancellationToken).ConfigureAwait(false);
            if (standing == StreamStanding.GivenAnId)
            {
                await AdoptAsync(before!, stream, cancellationToken).ConfigureAwait(false);
                continue;
            }

            Judge(standing, stream, before);
            _admitted = stream.Name;
            return;
        }

        throw new IngestException(
            $"The positions of topic '{stream.Topic}' get its id as soon as nothing is stored meanwhile; it is tried again.");
    }

    private void Judge(StreamStanding standing, CountedStream stream, CountedStream? before)
    {
        switch (standing)
        {
            case StreamStanding.MadeAgain:
                log.LogWarning(
                    "Topic '{Topic}' was made again: its id was {Before} and is {Now}. That is a new stream, which is read from its start; "
                    + "what was counted of the old one stays.",
                    stream.Topic, before!.Id, stream.Id);
                break;
            case StreamStanding.Replaced:
                throw new IngestException(
                    $"{Kafka} says of topic '{stream.Topic}' what it was before it was made again: id {stream.Id}, and {before!.Id} came "
                    + "after it. Its brokers learn such things one after another.");
            case StreamStanding.WithoutItsId:
                throw new IngestException($"{Kafka} tells topic '{stream.Topic}' without its id, which is {before!.Id}.");
            case StreamStanding.Foreign:
                throw Refuse(before!.Cluster == stream.Cluster
                    ? $"Pulse:Kafka:Topic is '{stream.Topic}', and {storage.Description} counts '{before.Topic}'. Correct it, or, if the other "
                        + "topic is to be counted as well,"
                    : $"{Kafka} is cluster '{stream.Cluster}', and {storage.Description} counts topic '{before.Topic}' of cluster "
                        + $"'{before.Cluster}': this may be a copy of it, whose events would be counted twice. Correct "
                        + "Pulse:Kafka:BootstrapServers, or, if its events are others,");
        }
    }

    // A broker that learnt to give ids has the same log as before, or it has not: positions and epochs tell.
    private async Task AdoptAsync(CountedStream before, CountedStream after, CancellationToken cancellationToken)
    {
        var buckets = await storage.Adoption.ReadAsync(before, cancellationToken).ConfigureAwait(false);
        var positions = buckets
            .SelectMany(bucket => bucket.Positions.Of(before.Name).Index())
            .Where(each => each.Item is not null).Distinct()
            .ToLookup(each => each.Index, each => each.Item!.Value);
        if (await new PositionCheck(settings, questions).FindMistakeAsync(positions, cancellationToken).ConfigureAwait(false) is { } mistake)
            throw Refuse(
                $"{Kafka} gives topic '{after.Topic}' the id {after.Id}, and it is not the log that was counted before it gave ids: {mistake}. "
                + "Restore the topic, or, if what it holds is to be counted from its start and in addition,");
        if (await storage.Adoption.RenameAsync(before, after, buckets, cancellationToken).ConfigureAwait(false))
            log.LogInformation(
                "{Kafka} gives topic '{Topic}' an id now, {Id}. It holds the log that was counted, so counting goes on where it stood.",
                Kafka, after.Topic, after.Id);
    }

    private string Kafka => $"Kafka at {settings.BootstrapServers}";

    private StreamRefusedException Refuse(string why)
    {
        var message = $"{why} run 'pulse accept-stream'. Nothing is read until then.";
        statistics.Refusal = message;
        return new StreamRefusedException(message);
    }
}
