using System.Globalization;
using Pulse.Host.Api;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Pulse.Host.Demo;

/// <summary>Shows the cluster: a live table on a terminal, plain lines elsewhere.</summary>
internal sealed class DemoView(IAnsiConsole console, bool isTerminal)
{
    private const int StoryLines = 8;
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly List<string> _story = [];
    private readonly Dictionary<int, (DateTime At, long Consumed, long PerSecond)> _rates = [];
    private readonly DateTime _began = DateTime.UtcNow;

    /// <summary>Tells what just happened.</summary>
    public void Say(string line)
    {
        var timed = string.Create(
            CultureInfo.InvariantCulture, $"{(DateTime.UtcNow - _began).TotalSeconds,6:0.0} s  {line}");
        lock (_gate)
            _story.Add(timed);
        if (!isTerminal)
            console.WriteLine(timed);
    }

    /// <summary>Shows the cluster while something runs.</summary>
    public async Task<T> ShowWhileAsync<T>(NodeCluster cluster, Func<Task<T>> run)
    {
        if (!isTerminal)
            return await run();

        var running = run();
        await console.Live(Draw(cluster)).AutoClear(true).StartAsync(async context =>
        {
            while (!running.IsCompleted)
            {
                context.UpdateTarget(Draw(cluster));
                await Task.WhenAny(running, Task.Delay(Redraw));
            }
        });
        return await running;
    }

    /// <summary>Shows the whole story again, then what was measured, what a recount of the log says, then PASS or FAIL.</summary>
    public void Conclude(Verdict verdict, string verified, IReadOnlyList<(string Change, TimeSpan Gap)> gaps) => _conclusion = () =>
    {
        if (isTerminal)
        {
            foreach (var line in _story)
                console.WriteLine(line);
        }

        console.WriteLine();
        foreach (var (change, gap) in gaps)
            console.WriteLine(Text($"  {change,-24} longest gap {gap.TotalSeconds:0.0} s"));
        foreach (var difference in verdict.Differences.Take(10))
            console.WriteLine($"  {difference}");
        console.WriteLine();
        console.WriteLine($"verify  {verified}");
        var numbers = Text(
            $"{verdict.Events:N0} events, {verdict.Compared:N0} counts compared, {verdict.Differences.Count:N0} differences");
        console.MarkupLine(verdict.IsExact ? $"[bold green]PASS[/]  {numbers}" : $"[bold red]FAIL[/]  {numbers}");
    };

    /// <summary>Writes what <see cref="Conclude"/> prepared, once the live view is gone.</summary>
    public void WriteConclusion() => _conclusion?.Invoke();

    private Action? _conclusion;

    private Rows Draw(NodeCluster cluster)
    {
        var table = new Table().Border(TableBorder.Rounded).Expand();
        foreach (var heading in (string[])["node", "state", "shards", "buckets", "partitions", "events/s", "lag", "last checkpoint"])
            table.AddColumn(heading is "node" or "state" ? new TableColumn(heading) : new TableColumn(heading).RightAligned());
        foreach (var node in cluster.Nodes)
            table.AddRow(Cells(node));

        string[] story;
        lock (_gate)
            story = [.. _story.TakeLast(StoryLines)];
        return new Rows(
            new Markup("[bold]Pulse[/]: exact counts on a cluster that grows, loses a node and heals"),
            table,
            new Text($"dashboards: {string.Join("  ", cluster.Nodes.Where(node => node.Status is not null).Select(node => node.Address))}"),
            Totals(cluster),
            new Text(string.Join('\n', story)));
    }

    private IRenderable[] Cells(NodeProcess node)
    {
        var state = node.State switch
        {
            "up" => "[green]up[/]",
            "KILLED" => "[bold red]KILLED[/]",
            "paused" => "[yellow]paused[/]",
            var other => $"[grey]{other}[/]",
        };
        if (node.Status is not { } status)
            return [.. new[] { Text($"{node.Number}"), state, "", "", "", "", "", "" }.Select(cell => new Markup(cell))];

        return
        [
            new Markup(Text($"{node.Number}")),
            new Markup(state),
            new Text(Text($"{status.Shards}")),
            new Text(Text($"{status.Buckets}")),
            new Text(Text($"{status.Partitions.Count(partition => partition.IsHere)}")),
            new Text(Text($"{PerSecond(node.Number, status):N0}")),
            new Text(status.Nodes.FirstOrDefault(each => each.Address == status.Address)?.Lag is { } lag ? Text($"{lag:N0}") : "unknown"),
            new Text(status.LastCheckpoint is { } at ? Text($"{(DateTime.UtcNow - at).TotalSeconds:0} s ago") : "none yet"),
        ];
    }

    private long PerSecond(int node, NodeStatus status)
    {
        var now = DateTime.UtcNow;
        if (!_rates.TryGetValue(node, out var known) || status.Consumed < known.Consumed)
            _rates[node] = (now, status.Consumed, 0);
        else if (now - known.At >= RateWindow)
            _rates[node] = (now, status.Consumed, (long)((status.Consumed - known.Consumed) / (now - known.At).TotalSeconds));
        return _rates[node].PerSecond;
    }

    private static Markup Totals(NodeCluster cluster)
    {
        if (cluster.Progress is not { Total: { } total } progress)
            return new Markup("[grey]no events yet[/]");
        const int width = 40;
        var filled = (int)(width * progress.Delivered / Math.Max(1, total));
        return new Markup(Text(
            $"[green]{new string('█', filled)}[/][grey]{new string('░', width - filled)}[/] {progress.Delivered:N0} of {total:N0} events, {progress.EventsPerSecond:N0} a second, longest gap {cluster.Gaps.Longest.TotalSeconds:0.0} s"));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
