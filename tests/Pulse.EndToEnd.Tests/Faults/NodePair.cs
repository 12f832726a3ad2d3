using System.Diagnostics;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Verification;

namespace Pulse.EndToEnd.Tests.Faults;

/// <summary>Two nodes that read one stream while events flow, and how they are judged.</summary>
internal sealed class NodePair : IAsyncDisposable
{
    /// <summary>How long anything here may take.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private readonly TestDirectory _directory = new();
    private readonly string _database;
    private TestCluster? _cluster;
    private ShownWatch? _shown;

    private NodePair(TestStream stream, string database)
    {
        Stream = stream;
        _database = database;
        Flow = new EventFlow(stream);
    }

    /// <summary>What they read.</summary>
    public TestStream Stream { get; }

    /// <summary>The same as the database calls it.</summary>
    public string Identity { get; private set; } = "";

    /// <summary>The events that flow.</summary>
    public EventFlow Flow { get; private set; }

    /// <summary>The nodes.</summary>
    public IReadOnlyList<PulseProcess> Nodes => _cluster?.Nodes ?? [];

    /// <summary>What they show over HTTP, looked at all the time.</summary>
    public ShownWatch Shown => _shown!;

    /// <summary>What they have stored.</summary>
    public ResultTables Tables => ResultTables.OfPostgres(_database);

    /// <summary>Starts both nodes and the flow, and waits until it is counted.</summary>
    public static async Task<NodePair> StartAsync(TestStream stream, string database)
    {
        var pair = new NodePair(stream, database);
        try
        {
            pair.Identity = await stream.IdentityAsync();
            await pair.StartNodesAsync();
            await pair.CountsAgainAsync();
            pair._shown = new ShownWatch(pair);
            return pair;
        }
        catch
        {
            await pair.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the nodes.</summary>
    public async Task StartNodesAsync() =>
        _cluster = await TestCluster.StartAsync(_directory, Stream, _database, nodes: 2, CheckpointInterval);

    /// <summary>Asks both nodes to stop, and waits until they have.</summary>
    public async Task StopNodesAsync()
    {
        foreach (var node in Nodes)
            node.Terminate();
        foreach (var node in Nodes)
            Assert.Equal(0, await node.ExitAsync(Limit));
        await _cluster!.DisposeAsync();
        _cluster = null;
    }

    /// <summary>Stops both nodes where they are; their connections stay open.</summary>
    public void SuspendNodes()
    {
        foreach (var node in Nodes)
            node.Pause();
    }

    /// <summary>Ends <see cref="SuspendNodes"/>.</summary>
    public void ResumeNodes()
    {
        foreach (var node in Nodes)
            node.Resume();
    }

    /// <summary>Deletes the topic and makes it again, with another <see cref="Flow"/>, which is paused.</summary>
    public async Task MakeTopicAgainAsync()
    {
        await Flow.DisposeAsync();
        await Stream.MakeAgainAsync();
        (Flow, Identity) = (new EventFlow(Stream, isPaused: true), await Stream.IdentityAsync());
    }

    /// <summary>Waits until everything is stored that flowed, which must be paused.</summary>
    public Task FlowStoredAsync() => Eventually.HoldsAsync(
        "all that flowed is stored", Limit, async () => (await Tables.PositionsAsync()).Reach(Identity, Flow.Ends), Interval);

    /// <summary>Waits until events that are written from now on are stored.</summary>
    /// <param name="except">Partitions that nobody can read.</param>
    /// <returns>How long it took.</returns>
    public async Task<TimeSpan> CountsAgainAsync(params int[] except)
    {
        var watch = Stopwatch.StartNew();
        var before = Flow.Ends.Values.Sum();
        await Eventually.HoldsAsync("events are written", Limit, () => Task.FromResult(Flow.Ends.Values.Sum() > before + (EventFlow.Rate / 4)));
        var ends = Flow.Ends.Where(end => !except.Contains(end.Key)).ToDictionary();
        await Eventually.HoldsAsync(
            "events that were written after the fault are stored",
            Limit,
            async () => await Tables.IsPreparedAsync() && (await Tables.PositionsAsync()).Reach(Identity, ends),
            Interval);
        return watch.Elapsed;
    }

    /// <summary>Pauses the flow, and asserts, row for row and by both judges, that all of the topic is counted.</summary>
    public Task AssertExactAsync() => JudgeAsync(async () =>
    {
        var judge = Stream.Judge();
        await ExactCounts.StoredAsync(_database, judge.Records, Limit);
        await ExactCounts.AssertAsync(judge, Tables);
    });

    /// <summary>A judge of what flowed, whatever the log has lost of it since.</summary>
    /// <param name="which">Which of it; null: all.</param>
    public IndependentReader JudgeWritten(Func<WrittenRecord, bool>? which = null)
    {
        var judge = new IndependentReader();
        foreach (var record in Flow.Written.Where(which ?? (_ => true)))
            judge.Count(record.Value, record.UnixMilliseconds);
        return judge;
    }

    /// <summary>Waits until so much is stored as a judge has read, and asserts it, row for row, by that judge alone.</summary>
    public async Task AssertRowsAsync(IndependentReader judge)
    {
        await ExactCounts.StoredAsync(_database, judge.Records, Limit);
        await ExactCounts.AssertRowsAsync(judge, Tables);
    }

    /// <summary>Does something while no events flow.</summary>
    public async Task JudgeAsync(Func<Task> judge)
    {
        await Flow.PauseAsync();
        try
        {
            await judge();
        }
        finally
        {
            Flow.Resume();
        }
    }

    /// <summary>Asserts that <c>verify</c> refutes nothing, and that for every rollup it names just these offsets as gone.</summary>
    public async Task AssertGoneAsync(IEnumerable<(string Stream, int Partition, long From, long To)> expected)
    {
        var report = await VerifyAsync();
        Assert.Equal(Verdict.CannotSay, report.Verdict);
        var ranges = expected.Where(range => range.From < range.To).Order().ToList();
        Assert.All(report.Rollups, rollup => Assert.Equal(
            ranges,
            rollup.Gone.SelectMany(gone => gone.Offsets.Select(range => (gone.Stream, gone.Partition, range.From, range.To))).Order()));
    }

    /// <summary>Runs a command that changes something, as an operator does, beside the nodes.</summary>
    public async Task OperateAsync(params string[] command)
    {
        await using var process = PulseProcess.Host(_directory, Stream.Environment(_database, CheckpointInterval), command);
        Assert.Equal(0, await process.ExitAsync(Limit));
    }

    /// <summary>What <c>pulse status</c> says when it is asked of a node.</summary>
    public Task<(int ExitCode, IReadOnlyList<string> Said)> StatusCommandAsync(PulseProcess node) => node.StatusCommandAsync(_directory);

    /// <summary>What <c>verify</c> says now.</summary>
    public Task<VerificationReport> VerifyAsync() => Verifier.RunAsync(
        new VerificationRequest(
            new LogAddress(
                new Dictionary<string, string> { ["bootstrap.servers"] = Stream.BootstrapServers }, Stream.Topic, "verification", null),
            Tables.Database),
        null,
        CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        if (_shown is not null)
            await _shown.DisposeAsync();
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        await Flow.DisposeAsync();
        _directory.Dispose();
    }
}
