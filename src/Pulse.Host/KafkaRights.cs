using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pulse.Actors.Broker;
using Pulse.Actors.Coordination;

namespace Pulse.Host;

/// <summary>Asks brokers what this node's user may do with its topics and groups.</summary>
/// <param name="client">Asks.</param>
/// <param name="settings">The names.</param>
/// <param name="limit">How long all questions together may take; without an answer nothing is known, and nothing is said.</param>
internal sealed class KafkaRights(IAdminClient client, KafkaSettings settings, TimeSpan limit)
{
    /// <summary>Whether an error says that a right is lacking.</summary>
    public static bool IsRefusal(Error error) => error.Code is ErrorCode.TopicAuthorizationFailed or ErrorCode.GroupAuthorizationFailed
        or ErrorCode.ClusterAuthorizationFailed or ErrorCode.TransactionalIdAuthorizationFailed;

    /// <summary>Who is refused, for people.</summary>
    public static string User(KafkaSettings settings) =>
        settings.Client.TryGetValue("sasl.username", out var user) ? $"user '{user}' (Pulse:Kafka:Client:sasl.username)"
        : settings.Client.TryGetValue("ssl.certificate.location", out var certificate) ? $"the holder of '{certificate}' (Pulse:Kafka:Client:ssl.certificate.location)"
        : "this node's user";

    /// <summary>What is lacking, in one line; null where nothing is, or nobody says.</summary>
    /// <param name="silent">Topics about which a question is never answered.</param>
    public async Task<string?> LackingAsync(IReadOnlyCollection<string> silent)
    {
        if (limit <= TimeSpan.Zero)
            return null;
        List<string>[] lacking = await Task.WhenAll(
            TopicAsync(settings.Topic, AclOperation.Read, "Topic", silent),
            TopicAsync(settings.CompletionTopic, AclOperation.Read, "CompletionTopic", silent),
            TopicAsync(settings.DeadLetterTopic, AclOperation.Write, "DeadLetterTopic", silent),
            GroupAsync(settings.GroupId),
            GroupAsync(settings.GroupId + CompletionListener.GroupSuffix));
        var all = lacking.SelectMany(each => each).ToList();
        return all.Count == 0
            ? null
            : $"Kafka at {settings.BootstrapServers} refuses {User(settings)}: {string.Join("; ", all)}. Give it these rights (kafka-acls), or "
                + "correct the names.";
    }

    private async Task<List<string>> TopicAsync(string topic, AclOperation needed, string setting, IReadOnlyCollection<string> silent)
    {
        var what = $"{needed} on topic '{topic}' (Pulse:Kafka:{setting})";
        if (silent.Contains(topic))
            return [];
        return await AskAsync(what, needed, async () =>
        {
            var described = await client.DescribeTopicsAsync(
                TopicCollection.OfTopicNames([topic]),
                new DescribeTopicsOptions { RequestTimeout = limit, IncludeAuthorizedOperations = true });
            return described.TopicDescriptions.Single().AuthorizedOperations;
        });
    }

    private Task<List<string>> GroupAsync(string group) =>
        AskAsync($"Read on group '{group}' (Pulse:Kafka:GroupId)", AclOperation.Read, async () =>
        {
            var described = await client.DescribeConsumerGroupsAsync(
                [group], new DescribeConsumerGroupsOptions { RequestTimeout = limit, IncludeAuthorizedOperations = true });
            return described.ConsumerGroupDescriptions.Single().AuthorizedOperations;
        });

    private async Task<List<string>> AskAsync(string what, AclOperation needed, Func<Task<List<AclOperation>?>> question)
    {
        try
        {
            // The client has a limit too, and does not keep it everywhere.
            var allowed = await Task.Run(question).WaitAsync(limit);
            // A broker that does not say what is allowed allows nothing in this list either.
            return allowed is null or [] || allowed.Contains(needed) ? [] : [what];
        }
        catch (TimeoutException)
        {
            return [];
        }
        catch (DescribeTopicsException exception)
        {
            return Refused(what, exception.Results.TopicDescriptions.Select(each => each.Error));
        }
        catch (DescribeConsumerGroupsException exception)
        {
            return Refused(what, exception.Results.ConsumerGroupDescriptions.Select(each => each.Error));
        }
        catch (KafkaException exception)
        {
            return Refused(what, [exception.Error]);
        }
    }

    private static List<string> Refused(string what, IEnumerable<Error> errors) =>
        errors.FirstOrDefault(IsRefusal) is { } refusal ? [$"{what} ({refusal.Reason})"] : [];
}
