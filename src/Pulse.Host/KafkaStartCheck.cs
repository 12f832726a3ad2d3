using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pulse.Actors.Broker;

namespace Pulse.Host;

/// <summary>
/// Finds out before anything starts whether Kafka can be used as it is configured: reached, at the addresses that its brokers give
/// too, with topics, and with the rights that a node needs. Says in one line what is wrong.
/// </summary>
internal sealed class KafkaStartCheck
{
    private const int EventPartitions = 8;

    // A person waits no longer than ten seconds for the line, where one question is what takes so long.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(8);

    // So long each question may take, however long those before it took: on a busy machine names are resolved slowly.
    private static readonly TimeSpan LeastLimit = TimeSpan.FromSeconds(5);

    // So long a broker that is well may need beside one that refuses.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    // Where no answer comes, nothing is known of rights; a node then starts, and says later what it may not do.
    private static readonly TimeSpan RightsLimit = TimeSpan.FromSeconds(3);

    private readonly KafkaSettings _settings;
    private readonly ConnectionDiagnosis _diagnosis;
    private readonly IAdminClient _client;
    private readonly Stopwatch _elapsed = Stopwatch.StartNew();

    private KafkaStartCheck(KafkaSettings settings)
    {
        _settings = settings;
        _diagnosis = new ConnectionDiagnosis(settings.BootstrapServers, settings.Client);
        _client = new AdminClientBuilder(new AdminClientConfig(settings.ClientProperties()))
            .SetLogHandler((_, message) => _diagnosis.Hear(message))
            .SetErrorHandler((_, error) => _diagnosis.Hear(error))
            .Build();
    }

    /// <summary>Checks everything that a node needs, and creates the topics that are absent.</summary>
    /// <exception cref="StartException">A broker does not answer, or refuses.</exception>
    public static Task RunAsync(KafkaSettings settings, bool createTopics) => RunAsync(settings, async check =>
    {
        var topics = await check.TopicsAsync();
        await check.ReachLeadersAsync(topics);
        // A topic that this node may not see looks absent.
        await check.RightsAsync(topics);
        if (createTopics)
            await check.CreateAsync(topics);
    });

    /// <summary>Checks that brokers answer, for a command that only reads.</summary>
    /// <exception cref="StartException">A broker does not answer, or refuses.</exception>
    public static Task ReachAsync(KafkaSettings settings) =>
        RunAsync(settings, async check => await check.ReachLeadersAsync(await check.TopicsAsync()));

    private static async Task RunAsync(KafkaSettings settings, Func<KafkaStartCheck, Task> questions)
    {
        var check = new KafkaStartCheck(settings);
        try
        {
            await questions(check);
        }
        finally
        {
            // A client with an open question may take long to close, and nothing depends on it.
            _ = Task.Run(check._client.Dispose);
        }
    }

    private async Task<List<TopicMetadata>> TopicsAsync()
    {
        var metadata = await AnswerAsync(async () =>
        {
            while (true)
            {
                try
                {
                    return _client.GetMetadata(Limit);
                }
                // Where a broker closes the connection, the question fails at once; others may answer.
                catch (KafkaException exception) when (exception.Error.Code == ErrorCode.Local_Transport && _elapsed.Elapsed < Limit)
                {
                    await Task.Delay(Pause);
                }
            }
        });
        _diagnosis.AnsweredSomewhere();
        return metadata.Topics;
    }

    // Answers so far may have come by the configured address alone. One broker is enough: others may just be away.
    private async Task ReachLeadersAsync(List<TopicMetadata> topics)
    {
        var leaders = Ours(topics).SelectMany(topic => topic.Partitions.Select(partition => (topic.Topic, partition)))
            .Where(each => each.partition.Leader >= 0).DistinctBy(each => each.partition.Leader)
            .Select(each => new TopicPartition(each.Topic, each.partition.PartitionId)).ToList();
        if (leaders.Count == 0)
            return;
        try
        {
            await AnswerAsync(async () =>
            {
                await foreach (var answer in Task.WhenEach(leaders.Select(IsReachedAsync)))
                {
                    if (await answer)
                        return true;
                }

                throw new KafkaException(ErrorCode.Local_TimedOut);
            });
            _diagnosis.Answered();
        }
        catch (StartException exception) when (!exception.IsMistake)
        {
            // They are away now, and may come back.
        }
    }

    // Whatever the leader says, it was reached.
    private async Task<bool> IsReachedAsync(TopicPartition partition)
    {
        try
        {
            await _client.ListOffsetsAsync(
                [new TopicPartitionOffsetSpec { TopicPartition = partition, OffsetSpec = OffsetSpec.Latest() }],
                new ListOffsetsOptions { RequestTimeout = Limit });
            return true;
        }
        catch (ListOffsetsException exception)
        {
            return exception.Result.ResultInfos.Exists(each => each.TopicPartitionOffsetError.Error.IsBrokerError);
        }
        catch (KafkaException exception)
        {
            return exception.Error.IsBrokerError;
        }
    }

    private async Task CreateAsync(List<TopicMetadata> topics)
    {
        var known = topics.Select(topic => topic.Topic).ToHashSet(StringComparer.Ordinal);
        TopicSpecification[] absent =
        [
            .. new[]
            {
                new TopicSpecification { Name = _settings.Topic, NumPartitions = EventPartitions },
                new TopicSpecification { Name = _settings.CompletionTopic, NumPartitions = 1 },
                new TopicSpecification { Name = _settings.DeadLetterTopic, NumPartitions = 1 },
            }.Where(topic => !known.Contains(topic.Name)),
        ];
        if (absent.Length == 0)
            return;
        try
        {
            await AnswerAsync(async () =>
            {
                await _client.CreateTopicsAsync(absent, new CreateTopicsOptions { RequestTimeout = Limit });
                return true;
            });
        }
        catch (CreateTopicsException exception) when (exception.Results.TrueForAll(IsThere))
        {
            // Another node or the producer was quicker; or the broker makes topics when they are first used.
        }
        catch (CreateTopicsException exception)
        {
            var refused = exception.Results.First(report => !IsThere(report));
            throw new StartException(
                $"Kafka at {_settings.BootstrapServers} does not let this node create topic '{refused.Topic}' ({refused.Error.Reason.TrimEnd('.')}). "
                + (KafkaRights.IsRefusal(refused.Error)
                    ? $"Give {KafkaRights.User(_settings)} the rights in docs/kafka.md, or create the topic and set Pulse:Kafka:CreateTopics to false."
                    : "Create it by hand, or correct its name in Pulse:Kafka."),
                exception, KafkaRights.IsRefusal(refused.Error));
        }
    }

    private async Task RightsAsync(List<TopicMetadata> topics)
    {
        var rights = new KafkaRights(_client, _settings, Least(RightsLimit, Limit - _elapsed.Elapsed));
        // Of a topic with a partition without a leader, the client's question never ends.
        var silent = topics.Where(topic => topic.Partitions.Exists(partition => partition.Leader < 0)).Select(topic => topic.Topic);
        if (await rights.LackingAsync([.. silent]) is { } lacking)
            throw new StartException(lacking, isMistake: true);
    }

    /// <summary>Waits for an answer: not to the end where the client says a reason that waiting does not mend.</summary>
    private async Task<T> AnswerAsync<T>(Func<Task<T>> question)
    {
        var answer = Task.Run(question);
        var limit = Greatest(Limit, _elapsed.Elapsed + LeastLimit);
        while (!answer.IsCompleted && _elapsed.Elapsed < limit && !_diagnosis.IsLasting(Patience))
            await Task.WhenAny(answer, Task.Delay(Pause));
        if (answer.IsCompletedSuccessfully)
            return await answer;

        var cause = answer.Exception?.InnerException;
        if (cause is CreateTopicsException)
            return await answer;
        throw _diagnosis.Failure is { } failure
            ? await RefusalAsync(failure, cause)
            : new StartException(
                $"Kafka at {_settings.BootstrapServers} can't be used ({(cause as KafkaException)?.Error.Reason ?? "no answer"}). "
                + "Check Pulse:Kafka:BootstrapServers, that the broker runs, and its access rights.", cause);
    }

    private async Task<StartException> RefusalAsync(ConnectionFailure failure, Exception? cause)
    {
        var certificate =
            failure.Reason.Contains("certificate verify failed", StringComparison.Ordinal) ? await ShownCertificate.DescribeAsync(failure.Address)
            : failure.Reason.Contains("SSL alert", StringComparison.Ordinal)
                && _settings.Client.GetValueOrDefault("ssl.certificate.location") is { } file ? ShownCertificate.Describe(file)
            : null;
        return new StartException(
            certificate is null ? failure.ToString() : $"{failure} {certificate}", cause, failure.Kind != ConnectionFailureKind.Away);
    }

    private IEnumerable<TopicMetadata> Ours(IEnumerable<TopicMetadata> topics) => topics.Where(topic =>
        topic.Topic == _settings.Topic || topic.Topic == _settings.CompletionTopic || topic.Topic == _settings.DeadLetterTopic);

    private static TimeSpan Greatest(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static bool IsThere(CreateTopicReport report) =>
        report.Error.Code is ErrorCode.NoError or ErrorCode.TopicAlreadyExists or ErrorCode.Local_UnsupportedFeature;
}
