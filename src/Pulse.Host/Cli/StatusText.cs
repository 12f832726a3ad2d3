using System.Globalization;
using Pulse.Host.Api;

namespace Pulse.Host.Cli;

/// <summary>Writes a node's status for people, as plain text of bounded width and length.</summary>
internal static class StatusText
{
    private const int MaximumPartitions = 20;
    private const int MaximumNodes = 100;
    private const int MaximumProblems = 20;
    private const string Unknown = "unknown";

    /// <summary>Writes it; the verdict is last.</summary>
    /// <param name="status">What the node answered.</param>
    /// <param name="problems">What is wrong, a line each.</param>
    /// <param name="address">Where it was asked.</param>
    /// <param name="output">Where to write.</param>
    /// <param name="width">How many characters a line may have.</param>
    public static void Write(NodeStatus status, IReadOnlyList<string> problems, Uri address, TextWriter output, int width)
    {
        Line($"{address.GetLeftPart(UriPartial.Authority)}  {status.Stream ?? "stream unknown"}");
        Line(Text(
            $"lag {Number(status.Lag)}, {status.Partitions.Count:N0} {(status.Partitions.Count == 1 ? "partition" : "partitions")}, {status.Standing:N0} stand still, oldest checkpoint {Ago(status.OldestCheckpoint)}, Kafka answered {Ago(status.KafkaAnswered)}"));
        output.WriteLine();
        Table(["node", "state", "events/s", "partitions", "lag", "buckets", "checkpoint", "storage"], 2, 5, Nodes(status), status.Members.Count);
        output.WriteLine();
        Table(
            ["partition", "reader", "leader", "position", "stored", "end", "lag", "state"], 3, 6, Partitions(status), status.Partitions.Count);
        output.WriteLine();
        foreach (var problem in problems.Take(MaximumProblems))
            output.WriteLine(problem);
        if (problems.Count > MaximumProblems)
            Line(Text($"and {problems.Count - MaximumProblems:N0} more; --json has them all"));
        output.WriteLine(problems.Count == 0 ? Text($"OK  nothing stands still, lag {Number(status.Lag)}") : "NOT WELL");

        void Line(string text) => output.WriteLine(Cut(text, width));

        // Columns from one to another are numbers.
        void Table(string[] headings, int firstNumber, int lastNumber, List<string[]> rows, int all)
        {
            List<string[]> lines = [headings, .. rows];
            var widths = headings.Select((_, column) => lines.Max(line => line[column].Length)).ToArray();
            foreach (var line in lines)
                Line(string.Join("  ", line.Select((cell, column) => column >= firstNumber && column <= lastNumber
                    ? cell.PadLeft(widths[column])
                    : cell.PadRight(widths[column]))).TrimEnd());
            if (all > rows.Count)
                Line(Text($"and {all - rows.Count:N0} more; --json has them all"));
        }
    }

    private static List<string[]> Nodes(NodeStatus status) =>
    [
        .. from member in status.Members.Take(MaximumNodes)
           let node = status.Nodes.FirstOrDefault(node => node.Address == member.Address)
           select node is null
               ? (string[])[member.Address, member.Status, "", "", "", "", "", "has said nothing yet"]
               :
               [
                   member.Address, member.Status, Text($"{node.EventsPerSecond:N0}"), Text($"{node.Partitions:N0}"), Number(node.Lag),
                   Text($"{node.Buckets:N0}"), Ago(node.LastCheckpoint), node.Problem ?? "answers",
               ],
    ];

    // What stands still comes first, then what is furthest behind.
    private static List<string[]> Partitions(NodeStatus status) =>
    [
        .. status.Partitions
            .OrderByDescending(partition => partition.Standing is not null)
            .ThenByDescending(partition => partition.Lag ?? long.MaxValue)
            .ThenBy(partition => partition.Partition)
            .Take(MaximumPartitions)
            .Select(partition => (string[])
            [
                Text($"{partition.Partition}"), partition.Reader ?? "none",
                partition.HasLeader switch { true => "yes", false => "none", null => Unknown },
                Number(partition.Position), Number(partition.Committed), Number(partition.End), Number(partition.Lag),
                partition.Standing ?? "",
            ]),
    ];

    private static string Number(long? number) => number is { } known ? Text($"{known:N0}") : Unknown;

    private static string Ago(DateTime? utc) => Dashboard.Text.Ago(utc);

    private static string Cut(string text, int width) => text.Length <= width ? text : text[..(width - 1)] + "…";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
