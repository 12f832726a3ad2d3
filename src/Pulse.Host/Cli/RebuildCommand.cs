using System.CommandLine;
using System.Globalization;
using Confluent.Kafka;
using Pulse.Actors.Broker;
using Pulse.Actors.Coordination;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Rebuild;
using Pulse.Actors.Storage.Streams;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Host.Configuration;

namespace Pulse.Host.Cli;

/// <summary>
/// <c>rebuild</c>: has rollups counted again from the start of the log, under the declaration that is configured. Nodes may
/// run meanwhile.
/// </summary>
internal sealed class RebuildCommand
{
    // A line names so many partitions; a topic can have thousands.
    private const int MostPartitionsNamed = 8;

    private readonly Option<string[]> _rollups = new("--rollup")
    {
        Description = "The rollup to count again; several by repeating the option",
        HelpName = "NAME",
        Required = true,
    };

    private readonly Option<string?> _data = new("--data")
    {
        Description = "Directory of the embedded storage, where no database is configured [default: ./pulse-data]",
        HelpName = "DIR",
    };

    private readonly Option<bool> _yes = new("--yes") { Description = "Do it without asking" };

    public RebuildCommand()
    {
        Command = new Command(
            "rebuild",
            "Empty a rollup's table and count it again from the start of the log, as it is configured now; nodes may run meanwhile")
        {
            _rollups, _data, _yes,
        };
        Command.SetAction((parsed, stop) => OperatorCommand.RunAsync(() => ExecuteAsync(parsed, stop), stop));
    }

    public Command Command { get; }

    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken stop)
    {
        var node = NodeConfiguration.Read(ConfigurationSources.Read(parsed.GetValue(_data)));
        if (node.IsBrokerEmbedded)
            return HostCommand.Refuse(
                HostCommand.WrongUsage,
                "Pulse:Kafka:BootstrapServers is not set. The embedded broker's log ends with its process, so there is nothing to "
                + "count again from: delete the data directory instead.");
        await KafkaStartCheck.ReachAsync(node.Settings.Kafka);
        return await RebuildAsync(node, Rollups(node.Settings.Catalog, parsed.GetValue(_rollups)!), parsed.GetValue(_yes), stop);
    }

    private static async Task<int> RebuildAsync(
        NodeConfiguration node, IReadOnlyCollection<Rollup> rollups, bool isAgreed, CancellationToken stop)
    {
        node.RequireStorage();
        await using var storage = new NodeStorage(node.Settings.Storage, node.Settings.Catalog);
        using var questions = new TopicQuestions(node.Settings.Kafka);
        var earlier = await CountedTopic.RequireAsync(storage, await questions.DescribeAsync(stop), stop);
        var plan = await storage.PlanRebuildAsync(rollups, node.Settings.Rules, stop);
        var log = await ReadLogAsync(node.Settings.Kafka, stop);
        foreach (var line in Lines(storage.Description, plan, log, earlier))
            System.Console.WriteLine(line);
        if (await OperatorCommand.RefusalAsync(isAgreed, stop) is { } refusal)
            return refusal;

        await storage.RebuildAsync(rollups, node.Settings.Rules, OperatorCommand.Who, stop);
        System.Console.WriteLine(
            "Done. Running nodes begin to read within seconds, and their pages follow within half a minute. A partition whose log was cut waits "
            + "until all rollups are rebuilt.");
        return HostCommand.Done;
    }

    private static async Task<IReadOnlyList<PartitionRange>> ReadLogAsync(KafkaSettings kafka, CancellationToken stop)
    {
        using var progress = new StreamProgress(new ClientConfig(kafka.ClientProperties()));
        try
        {
            return await progress.EndOffsetsAsync(kafka.Topic, stop);
        }
        catch (KafkaException exception)
        {
            throw new IngestException(
                $"Topic '{kafka.Topic}' at {kafka.BootstrapServers} can't be read ({exception.Error.Reason}), so nobody knows what would "
                + "be counted again. Check Pulse:Kafka:BootstrapServers and Pulse:Kafka:Topic.",
                exception);
        }
    }

    private static IEnumerable<string> Lines(
        string storage, IReadOnlyList<RebuiltRollup> plan, IReadOnlyList<PartitionRange> log, IReadOnlyList<CountedStream> earlier)
    {
        yield return $"{storage}:";
        foreach (var rollup in plan)
        {
            yield return $"  {rollup.Rollup.Name}: table {rollup.Rollup.TableName} is emptied and counted again.";
            foreach (var change in rollup.Changes)
                yield return $"    {change}";
        }

        var records = log.Sum(partition => partition.High - partition.Low);
        yield return string.Create(CultureInfo.InvariantCulture, $"  At most {records:N0} records are read again, those of {log.Count} partitions.");
        var gone = log.Where(partition => partition.Low > 0).ToList();
        if (gone.Count > 0)
            yield return "  Gone from the log, and so from the counts: "
                + string.Join(", ", gone.Take(MostPartitionsNamed).Select(partition => string.Create(
                    CultureInfo.InvariantCulture, $"partition {partition.Partition} below {partition.Low}")))
                + (gone.Count > MostPartitionsNamed ? $" and {gone.Count - MostPartitionsNamed} more." : ".");
        if (earlier.Count > 0)
            yield return "  What was counted of other streams is lost, since the topic does not hold them any more: "
                + string.Join(", ", earlier.Select(stream => stream.Name)) + ".";
        if (plan.Any(rollup => rollup.Changes.Count > 0))
            yield return "  Nodes that are configured otherwise than this command end with exit code 2.";
        yield return "  What was exported stays as it is until the next completion.";
    }

    private static IReadOnlyCollection<Rollup> Rollups(RollupCatalog catalog, IEnumerable<string> names) =>
    [
        .. names.Distinct(StringComparer.OrdinalIgnoreCase).Select(name =>
            catalog.Counted.FirstOrDefault(rollup => rollup.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new ConfigurationException(
                $"--rollup is '{name}'; use one of {string.Join(", ", catalog.Counted.Select(rollup => rollup.Name))}.")),
    ];
}
