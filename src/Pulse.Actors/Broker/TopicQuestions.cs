using System.Collections.Immutable;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Pulse.Actors.Broker;

/// <summary>
/// What a node asks the brokers beside reading: which stream a topic is, which partitions have a leader, what their logs hold.
/// Each question has a limit of its own, and a client that does not come back within it is replaced. Thread-safe; connects
/// when first asked.
/// </summary>
public sealed class TopicQuestions : IDisposable
{
    private static readonly TimeSpan UsualLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly KafkaSettings _settings;
    private readonly TimeSpan _limit;
    private readonly ConnectionDiagnosis _diagnosis;
    private readonly Lock _lock = new();
    private QuestionClient? _client;
    private bool _isDisposed;

    /// <param name="settings">How to reach the brokers.</param>
    /// <param name="limit">How long the brokers may take for one question; null for five seconds.</param>
    public TopicQuestions(KafkaSettings settings, TimeSpan? limit = null)
    {
        _settings = settings;
        _diagnosis = new ConnectionDiagnosis(settings.BootstrapServers, settings.Client);
        _limit = limit ?? UsualLimit;
    }

    /// <summary>Asks what the topic of viewing events is now, in a question that leaves after this call.</summary>
    /// <exception cref="IngestException">The brokers do not answer, refuse, or have no such topic.</exception>
    public Task<TopicDescription> DescribeAsync(CancellationToken cancellationToken) =>
        DescribeAsync(_settings.Topic, _settings.StreamIdentity, cancellationToken);

    /// <summary>Asks what a topic is now, in a question that leaves after this call.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="configured">Its identity, where that is configured: then it is not asked for.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="IngestException">The brokers do not answer, refuse, or have no such topic.</exception>
    public Task<TopicDescription> DescribeAsync(string topic, string? configured, CancellationToken cancellationToken) =>
        AskAsync(
            topic,
            client => configured is null
                ? OwnThread.RunAsync(() => AskIdentity(client, topic))
                : OwnThread.RunAsync(() => new TopicDescription(topic, "", null, LeadersOf(client, topic), configured)),
            cancellationToken);

    /// <summary>Asks what the logs of partitions hold, all at once, in a question that leaves after this call.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="partitions">Partitions that have a leader: one without would keep the others waiting.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Without those of which the brokers did not say it.</returns>
    /// <exception cref="IngestException">The brokers do not answer, or refuse.</exception>
    public async Task<ImmutableDictionary<int, LogSpan>> SpansAsync(
        string topic, IReadOnlyCollection<int> partitions, CancellationToken cancellationToken)
    {
        if (partitions.Count == 0)
            return ImmutableDictionary<int, LogSpan>.Empty;
        // The beginning first: if it moves in between, the span is too wide, never too narrow.
        var begins = await OffsetsAsync(topic, partitions, OffsetSpec.Earliest(), cancellationToken).ConfigureAwait(false);
        var ends = await OffsetsAsync(topic, begins.Keys, OffsetSpec.Latest(), cancellationToken).ConfigureAwait(false);
        return ends.ToImmutableDictionary(end => end.Key, end => new LogSpan(begins[end.Key], end.Value));
    }

    /// <summary>Closes the connections, in the background.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            Abandon();
        }
    }

    private TopicDescription AskIdentity(IAdminClient client, string topic)
    {
        try
        {
            var (id, hasLeader) = TopicDescriber.Describe(client, topic, _limit);
            return new TopicDescription(topic, TopicDescriber.ClusterOf(client, _limit), id, hasLeader);
        }
        catch (KafkaException exception) when (
            exception.Error.Code is ErrorCode.UnsupportedVersion or ErrorCode.Local_UnsupportedFeature)
        {
            // Brokers before 2.8 have no topic ids: then the cluster and the name have to do. Any other failure says nothing of
            // that: positions under another identity would be those of another stream, and everything would be counted once more.
            var leaders = LeadersOf(client, topic);
            return new TopicDescription(topic, TopicDescriber.ClusterOf(client, _limit), null, leaders);
        }
    }

    private ImmutableArray<bool> LeadersOf(IAdminClient client, string topic)
    {
        var metadata = client.GetMetadata(topic, _limit).Topics.Single();
        if (metadata.Error.IsError)
            throw new KafkaException(metadata.Error);
        return [.. metadata.Partitions.OrderBy(partition => partition.PartitionId).Select(partition => partition.Leader >= 0)];
    }

    private async Task<Dictionary<int, long>> OffsetsAsync(
        string topic, IEnumerable<int> partitions, OffsetSpec which, CancellationToken cancellationToken)
    {
        var asked = partitions.Select(partition => new TopicPartitionOffsetSpec
        {
            TopicPartition = new TopicPartition(topic, partition),
            OffsetSpec = which,
        }).ToList();
        var answers = await AskOffsetsAsync(topic, asked, cancellationToken).ConfigureAwait(false);
        if (answers.Exists(IsOfUnknownLeader))
            answers = await AskOffsetsAsync(topic, asked, cancellationToken).ConfigureAwait(false);
        return answers
            .Select(answer => answer.TopicPartitionOffsetError)
            .Where(answer => !answer.Error.IsError && answer.Offset.Value >= 0)
            .ToDictionary(answer => answer.Partition.Value, answer => answer.Offset.Value);
    }

    private Task<List<ListOffsetsResultInfo>> AskOffsetsAsync(
        string topic, IEnumerable<TopicPartitionOffsetSpec> asked, CancellationToken cancellationToken) => AskAsync(
            topic,
            async client =>
            {
                var answers = await ListAsync(client, asked).ConfigureAwait(false);
                // A broker that was put back leads with lower epochs than before, which a client takes for old news, for ever.
                if (answers.Exists(IsOfUnknownLeader))
                    Replace(client);
                return answers;
            },
            cancellationToken);

    private async Task<List<ListOffsetsResultInfo>> ListAsync(IAdminClient client, IEnumerable<TopicPartitionOffsetSpec> asked)
    {
        try
        {
            return (await client.ListOffsetsAsync(asked, new ListOffsetsOptions { RequestTimeout = _limit }).ConfigureAwait(false)).ResultInfos;
        }
        catch (ListOffsetsException exception)
        {
            return exception.Result.ResultInfos;
        }
    }

    private static bool IsOfUnknownLeader(ListOffsetsResultInfo answer) =>
        answer.TopicPartitionOffsetError.Error.Code == ErrorCode.UnknownLeaderEpoch;

    private async Task<T> AskAsync<T>(string topic, Func<IAdminClient, Task<T>> ask, CancellationToken cancellationToken)
    {
        var client = TakeClient();
        try
        {
            var answer = await client.AskAsync(ask).WaitAsync(2 * _limit + Grace, cancellationToken).ConfigureAwait(false);
            _diagnosis.Answered();
            return answer;
        }
        catch (KafkaException exception) when (exception.Error.Code == ErrorCode.UnknownTopicOrPart)
        {
            throw new IngestException(
                $"Kafka at {_settings.BootstrapServers} has no topic '{topic}'. Create it, or correct its name in Pulse:Kafka.", exception)
            {
                IsAnswer = true,
            };
        }
        catch (KafkaException exception) when (
            exception.Error.Code is ErrorCode.TopicAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed)
        {
            throw new IngestException(
                $"Kafka at {_settings.BootstrapServers} refuses to say what topic '{topic}' is ({exception.Error.Reason}). Give this node's "
                + "user Describe and Read on it (kafka-acls), or correct its name in Pulse:Kafka.",
                exception)
            {
                IsAnswer = true,
            };
        }
        catch (KafkaException exception)
        {
            // A client asks the controller of which it heard when it connected, and one that has died it awaits for ever.
            if (exception.Error.Code == ErrorCode.Local_TimedOut)
                Replace(client.Client);
            throw new IngestException(Unanswered(exception.Error.Reason), exception);
        }
        catch (TimeoutException exception)
        {
            Replace(client.Client);
            throw new IngestException(Unanswered($"no answer within {_limit.TotalSeconds:0} s"), exception);
        }
    }

    // The client tells the cause to its log alone; what a question hears is that nobody answered.
    private string Unanswered(string reason) =>
        _diagnosis.Failure is { Kind: ConnectionFailureKind.Refused or ConnectionFailureKind.Advertised } failure
            ? failure.ToString()
            : $"Kafka at {_settings.BootstrapServers} does not answer ({reason}). "
                + "Check Pulse:Kafka:BootstrapServers and that the broker runs.";

    private QuestionClient TakeClient()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _client ??= new QuestionClient(new AdminClientBuilder(new AdminClientConfig(_settings.ClientProperties()))
                .SetLogHandler((_, message) => _diagnosis.Hear(message))
                .SetErrorHandler((_, error) => _diagnosis.Hear(error))
                .Build());
            _client.Take();
            return _client;
        }
    }

    private void Replace(IAdminClient client)
    {
        lock (_lock)
        {
            if (_client?.Client == client)
                Abandon();
        }
    }

    private void Abandon()
    {
        _client?.Leave();
        _client = null;
    }
}
