using System.CommandLine;
using System.Globalization;
using Pulse.Actors.Broker;
using Pulse.Actors.Ingest;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Streams;
using Pulse.Host.Configuration;

namespace Pulse.Host.Cli;

/// <summary>
/// <c>accept-stream</c>: has a stream counted that the database would not count by itself, such as the topic of another cluster. Nodes may
/// run meanwhile.
/// </summary>
internal sealed class AcceptStreamCommand
{
    private readonly Option<string?> _data = new("--data")
    {
        Description = "Directory of the embedded storage, where no database is configured [default: ./pulse-data]",
        HelpName = "DIR",
    };

    private readonly Option<bool> _yes = new("--yes") { Description = "Do it without asking" };

    public AcceptStreamCommand()
    {
        Command = new Command(
            "accept-stream",
            "Count the configured topic beside what the database counts already: another cluster's, or one that is not known to be the same")
        {
            _data, _yes,
        };
        Command.SetAction((parsed, stop) => OperatorCommand.RunAsync(() => ExecuteAsync(parsed, stop), stop));
    }

    public Command Command { get; }

    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken stop)
    {
        var node = NodeConfiguration.Read(ConfigurationSources.Read(parsed.GetValue(_data)));
        var kafka = node.Settings.Kafka;
        if (node.IsBrokerEmbedded)
            throw new ConfigurationException("Pulse:Kafka:BootstrapServers is not set. The embedded broker's stream is Pulse's own and needs no word.");
        if (kafka.StreamIdentity is not null)
            throw new ConfigurationException("Pulse:Kafka:StreamIdentity is set: nobody is asked which stream the topic is, so there is nothing to accept.");
        node.RequireStorage();
        await KafkaStartCheck.ReachAsync(kafka);
        await using var storage = new NodeStorage(node.Settings.Storage, node.Settings.Catalog);
        var counted = await storage.ReadStreamsAsync(stop);
        using var questions = new TopicQuestions(kafka);
        var topic = await questions.DescribeAsync(stop);
        var stream = StreamAdmission.StreamOf(topic);
        foreach (var line in Lines(storage.Description, counted, kafka, stream, await OffsetsAsync(questions, topic, stop)))
            System.Console.WriteLine(line);
        if (counted.Any(known => known.Name == stream.Name))
        {
            System.Console.WriteLine("  It is counted already. Nothing to accept.");
            return HostCommand.Done;
        }

        System.Console.WriteLine("  Accepted, it is read from its start, and what was counted stays. If it is a copy of what is counted, every event counts twice.");
        if (await OperatorCommand.RefusalAsync(parsed.GetValue(_yes), stop) is { } refusal)
            return refusal;

        await storage.AcceptStreamAsync(stream, OperatorCommand.Who, stop);
        System.Console.WriteLine("Done. Nodes that run begin to read within seconds; others when they are started.");
        return HostCommand.Done;
    }

    // Not all of them need be records: transactions leave markers, and compaction leaves holes.
    private static async Task<long> OffsetsAsync(TopicQuestions questions, TopicDescription topic, CancellationToken stop)
    {
        var spans = await questions.SpansAsync(topic.Topic, topic.Led, stop);
        return spans.Values.Sum(span => span.End - span.Begin);
    }

    private static IEnumerable<string> Lines(
        string storage, IReadOnlyList<CountedStream> counted, KafkaSettings kafka, CountedStream stream, long offsets)
    {
        yield return $"{storage} counts:";
        if (counted.Count == 0)
            yield return "  nothing yet.";
        foreach (var known in counted)
            yield return $"  {Words(known)}.";
        yield return $"Kafka at {kafka.BootstrapServers} says:";
        yield return string.Create(CultureInfo.InvariantCulture, $"  {Words(stream)}, {offsets:N0} offsets.");
    }

    private static string Words(CountedStream stream) => stream.IsConfigured
        ? $"'{stream.Name}', a configured identity"
        : $"topic '{stream.Topic}' of cluster '{stream.Cluster}'" + (stream.Id.Length == 0 ? ", without an id" : $", id {stream.Id}");
}
