using System.CommandLine;
using System.Globalization;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Cuts;
using Pulse.Counting;
using Pulse.Host.Configuration;

namespace Pulse.Host.Cli;

/// <summary>
/// <c>accept-cut</c>: goes on with a partition whose log was cut below what was counted. What was counted stays, and is stored as
/// a gap that <c>verify</c> names. Nodes may run meanwhile.
/// </summary>
internal sealed class AcceptCutCommand
{
    private readonly Option<int[]> _partitions = new("--partition")
    {
        Description = "The partition that stands still; several by repeating the option",
        HelpName = "NUMBER",
        Required = true,
    };

    private readonly Option<string?> _data = new("--data")
    {
        Description = "Directory of the embedded storage, where no database is configured [default: ./pulse-data]",
        HelpName = "DIR",
    };

    private readonly Option<bool> _restored = new("--restored")
    {
        Description = "The topic was restored: its log is again the one that was counted, and buckets go on where they stand",
    };

    private readonly Option<bool> _yes = new("--yes") { Description = "Do it without asking" };

    public AcceptCutCommand()
    {
        Command = new Command(
            "accept-cut",
            "Go on with a partition whose log was cut: what was counted of it stays, what it has now is counted; nodes may run meanwhile")
        {
            _partitions, _restored, _data, _yes,
        };
        Command.SetAction((parsed, stop) => OperatorCommand.RunAsync(() => ExecuteAsync(parsed, stop), stop));
    }

    public Command Command { get; }

    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken stop)
    {
        var node = NodeConfiguration.Read(ConfigurationSources.Read(parsed.GetValue(_data)));
        if (node.IsBrokerEmbedded)
            throw new ConfigurationException("Pulse:Kafka:BootstrapServers is not set. The embedded broker's log ends with its process and is never cut.");
        node.RequireStorage();
        await KafkaStartCheck.ReachAsync(node.Settings.Kafka);
        await using var storage = new NodeStorage(node.Settings.Storage, node.Settings.Catalog);
        var search = new CutSearch(node.Settings.Kafka, storage);
        var found = await search.FindAsync(parsed.GetValue(_partitions)!, parsed.GetValue(_restored), stop);
        foreach (var line in Lines(storage.Description, found))
            System.Console.WriteLine(line);
        if (found.All(partition => partition.Cuts.Count == 0 && !partition.IsKept))
            return HostCommand.Done;
        if (await OperatorCommand.RefusalAsync(parsed.GetValue(_yes), stop) is { } refusal)
            return refusal;

        var cut = found.Where(partition => partition.Cuts.Count > 0).ToList();
        if (cut.Count > 0 && await storage.Cuts.RunAsync(
            [.. cut.SelectMany(partition => partition.Stored)], [.. cut.SelectMany(partition => partition.Cuts)], OperatorCommand.Who, stop) is { Count: > 0 } moved)
            return Refuse("Nothing was changed", moved);
        var why = parsed.GetValue(_restored) ? "its log was restored" : "nothing in doubt";
        foreach (var partition in found.Where(partition => partition.Cuts.Count == 0 && partition.IsKept))
        {
            if (await storage.FoundCuts.ForgetAsync(partition.Partition, partition.Stored, why, OperatorCommand.Who, stop) is { Count: > 0 } others)
                return Refuse($"Nothing was changed for {CutNotice.Name(partition.Partition)}", others);
        }

        System.Console.WriteLine("Done. Nodes that run go on with the partition within seconds; others when they are started.");
        return HostCommand.Done;
    }

    private static int Refuse(string what, IReadOnlyList<BucketId> moved) =>
        HostCommand.Refuse(HostCommand.Failed, $"{what}: {CutNotice.Names(moved)} moved on meanwhile. Run it again.");

    private static IEnumerable<string> Lines(string storage, IReadOnlyList<PartitionCuts> found)
    {
        yield return $"{storage}:";
        foreach (var partition in found)
        {
            if (partition.Cuts.Count == 0)
            {
                yield return $"  {CutNotice.Name(partition.Partition)}: nothing is in doubt, all buckets stand at offsets that its log has. "
                    + (partition.IsKept ? "Once that is accepted, it is read again." : "Nothing to accept.");
                continue;
            }

            yield return Text(
                $"  {CutNotice.Name(partition.Partition)}: its log differs from offset {partition.From} on, and was counted up to {partition.To - 1}: at most {partition.Records:N0} records are in doubt.");
            foreach (var position in partition.Cuts.GroupBy(cut => (cut.Stored.Position, cut.To)).OrderBy(group => group.Key.Position.Offset))
                yield return Text(
                    $"    {position.Key.To.Offset} to {position.Key.Position.Offset - 1} of {CutNotice.Names(position.Select(cut => cut.Stored.Bucket))}.");
            yield return partition.IsCertain
                ? "    That holds after an unclean election. Where a broker's disk was put back to a copy, the log may differ below these offsets as well; then only 'pulse rebuild' is sure."
                : "    The log does not tell for certain from where on it is another one, so it may differ below these offsets as well; only 'pulse rebuild' is sure.";
        }

        if (found.All(partition => partition.Cuts.Count == 0))
            yield break;
        yield return "  What was counted from these offsets stays counted, what the log has there now is counted besides, and 'pulse verify' names them.";
        yield return "  The other way on: 'pulse rebuild --rollup NAME' for each rollup, which counts what the log has and nothing else.";
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
