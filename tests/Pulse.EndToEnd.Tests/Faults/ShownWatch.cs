using System.Collections.Concurrent;
using System.Net.Sockets;
using Confluent.Kafka;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;

namespace Pulse.EndToEnd.Tests.Faults;

/// <summary>
/// Looks at what every node of a pair shows, once a second and as long as a fault lasts, and notes each partition, lag and age that is
/// shown wrong: by the log's ends and the rows of the database, which it reads itself.
/// </summary>
internal sealed class ShownWatch : IAsyncDisposable
{
    private const int MostNoted = 20;
    private const int RowsPerLeaf = 50;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private readonly NodePair _pair;
    private readonly ShownTruth _truth = new();
    private readonly ConcurrentQueue<string> _wrong = [];
    private readonly Dictionary<int, long> _ends = [];
    private readonly CancellationTokenSource _end = new();
    private readonly Task _running;
    private readonly Dictionary<string, DateTime> _firstLooks = [];
    private DateTime? _silentSinceUtc;
    private string _stream = "";

    /// <summary>Begins to look.</summary>
    public ShownWatch(NodePair pair)
    {
        _pair = pair;
        _running = RunAsync();
    }

    /// <summary>How often it has looked at a node.</summary>
    public int Looks { get; private set; }

    /// <summary>The newest look at each node, by its address.</summary>
    public ConcurrentDictionary<string, NodeView> Latest { get; } = [];

    /// <summary>From now on no broker answers.</summary>
    public void BrokersAreSilent() => _silentSinceUtc = DateTime.UtcNow;

    /// <summary>From now on they may.</summary>
    public void BrokersAnswer() => _silentSinceUtc = null;

    /// <summary>What was shown wrong since this was last asked.</summary>
    public IReadOnlyList<string> TakeWrong()
    {
        Assert.True(Looks > 0, "Nothing that nodes show was looked at.");
        var wrong = new List<string>();
        while (_wrong.TryDequeue(out var line))
            wrong.Add(line);
        return wrong;
    }

    /// <summary>Waits until every node shows something.</summary>
    public Task ShowsAsync(string what, Func<NodeView, bool> holds) => Eventually.HoldsAsync(
        $"every node shows {what}",
        NodePair.Limit,
        () => Task.FromResult(_pair.Nodes.Count == Latest.Count(view => view.Value.AtUtc > DateTime.UtcNow - ShownTruth.Age && holds(view.Value))),
        Interval);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        _end.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            while (await timer.WaitForNextTickAsync(_end.Token))
            {
                // What was read of a slow node is as old as its answer: what became true meanwhile may be in it.
                await NoteTruthAsync();
                var views = await Task.WhenAll(_pair.Nodes.Select(LookAsync));
                await NoteTruthAsync();
                Judge([.. views.OfType<NodeView>()]);
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    private async Task NoteTruthAsync()
    {
        try
        {
            foreach (var (partition, end) in await _pair.Stream.EndsAsync().WaitAsync(Interval, _end.Token))
                _ends[partition] = end;
        }
        catch (Exception failure) when (failure is KafkaException or TimeoutException)
        {
            // Brokers that don't answer may have what was confirmed, and no less.
        }

        if (_stream != _pair.Identity)
            _ends.Clear();
        _stream = _pair.Identity;
        var (written, stored) = (_pair.Flow.Ends.ToDictionary(), await _pair.Tables.PositionsAsync());
        _truth.Note(DateTime.UtcNow, _stream, _pair.Stream.PartitionNumbers.ToDictionary(
            number => number,
            number => (Math.Max(_ends.GetValueOrDefault(number), written.GetValueOrDefault(number)), stored.Of(_stream, number))));
    }

    private async Task<NodeView?> LookAsync(PulseProcess node)
    {
        try
        {
            return await NodeView.ReadAsync(node).WaitAsync(ShownTruth.Look, _end.Token);
        }
        catch (Exception failure) when (failure is HttpRequestException or SocketException or TimeoutException or ObjectDisposedException or InvalidOperationException)
        {
            // It is stopped, suspended or gone.
            return null;
        }
    }

    private void Judge(IReadOnlyList<NodeView> views)
    {
        // A node that does not answer may be started again.
        foreach (var gone in _firstLooks.Keys.Except(views.Select(view => view.Node)).ToList())
            _firstLooks.Remove(gone);
        foreach (var view in views)
        {
            Looks++;
            _firstLooks.TryAdd(view.Node, view.AtUtc);
            Latest[view.Node] = view;
            Judge(view);
        }
    }

    private void Judge(NodeView view)
    {
        // A node that has just started knows nothing yet, and says so.
        var isStarting = view is { Partitions.Count: 0, Lag: null } && view.AtUtc - _firstLooks[view.Node] < ShownTruth.Age;
        if (_truth.IsSettled && !isStarting)
            JudgeLags(view);
        if (_silentSinceUtc is { } since)
            JudgeSilence(view, since);
    }

    private void JudgeLags(NodeView view)
    {
        var numbers = Enumerable.Range(0, _truth.Partitions);
        Expect(numbers.SequenceEqual(view.Partitions.Select(each => each.Partition)), view, "the API does not list each partition once");
        Expect(view.PageCount == _truth.Partitions, view, $"the page says that there are {view.PageCount} partitions");
        Expect(
            view.PagePartitions.Select(each => each.Partition).Distinct().Count() == Math.Min(_truth.Partitions, RowsPerLeaf),
            view, "the page does not list each partition once");
        foreach (var partition in view.Partitions)
            JudgeLag(view, "the API", partition.Partition, partition.Lag);
        foreach (var partition in view.PagePartitions)
            JudgeLag(view, "the page", partition.Partition, partition.Lag);
        foreach (var number in numbers)
            JudgeLag(view, "the metrics", number, view.MetricLag(number));

        var sum = view.Partitions.Aggregate((long?)0, (sum, partition) => sum + partition.Lag);
        Expect(sum == view.Lag, view, $"the partitions' lags are {sum} together, and the API says {view.Lag}");
    }

    private void JudgeLag(NodeView view, string where, int partition, long? lag)
    {
        var (least, greatest) = _truth.LagOf(partition);
        Expect(
            lag is null || (lag >= least && lag <= greatest),
            view, $"{where} has lag {lag} of partition {partition}, which was {least} to {greatest}");
    }

    private void JudgeSilence(NodeView view, DateTime since)
    {
        Expect(view.KafkaAnsweredUtc is not { } answered || answered <= since.AddSeconds(1), view, "a silent broker is said to have answered");
        if (view.AtUtc - since <= ShownTruth.Age)
            return;
        Expect(view.IsLagUnknown, view, $"brokers are silent, and a lag is shown ({view.Lag}, on the page {view.PageLag})");
        Expect(
            view.Partitions.Concat(view.PagePartitions).All(partition => partition.Standing is not null),
            view, "brokers are silent, and a partition is said to go on");
    }

    private void Expect(bool holds, NodeView view, string what)
    {
        if (!holds && _wrong.Count < MostNoted)
            _wrong.Enqueue(FormattableString.Invariant($"{DateTime.UtcNow:HH:mm:ss} {view.Node}: {what}."));
    }
}
