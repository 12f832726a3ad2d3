using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Pulse.Actors.Broker;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Host.Api;
using Pulse.Host.Cli;
using Pulse.Host.Embedded;
using Pulse.Simulator;
using Pulse.Simulator.Database;
using Pulse.Simulator.Producing;
using Pulse.Verification;

namespace Pulse.Host.Demo;

/// <summary>
/// A cluster of node processes on loopback with one broker and one database, and a simulator that feeds it. Whatever
/// happens, disposing ends every process.
/// </summary>
internal sealed class NodeCluster : IAsyncDisposable
{
    private static readonly TimeSpan ObserveInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly DemoOptions _options;
    private readonly DataDirectoryLock _held;
    private readonly EmbeddedStream? _embedded;
    private readonly KafkaSettings _stream;
    private readonly PostgresServer? _postgres;
    private readonly string? _connectionString;
    private readonly List<NodeProcess> _nodes = [];
    private readonly ConcurrentDictionary<int, long> _committed = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly CancellationTokenSource _disposed = new();
    private readonly TopicEnds _ends;
    private readonly Task _observing;
    private SimulatorProgress? _progress;

    private NodeCluster(DemoOptions options, EmbeddedStream? embedded, PostgresServer? postgres, string? connectionString)
    {
        _options = options;
        _held = DataDirectoryLock.Take(options.DataDirectory, isAlone: false);
        _embedded = embedded;
        _stream = embedded?.Settings ?? options.Stream!;
        _postgres = postgres;
        _connectionString = connectionString;
        var remoting = FreePorts(options.Nodes * 2);
        for (var number = 1; number <= options.Nodes; number++)
        {
            _nodes.Add(new NodeProcess(
                number,
                remoting[number - 1],
                remoting[options.Nodes + number - 1],
                options.DataDirectory,
                NodeEnvironment(remoting[number - 1], remoting)));
        }

        _ends = new TopicEnds(_stream);
        _observing = ObserveAsync(_disposed.Token);
    }

    /// <summary>The nodes by number, started or not.</summary>
    public IReadOnlyList<NodeProcess> Nodes => _nodes;

    /// <summary>How long partitions stood still.</summary>
    public GapWatch Gaps { get; } = new();

    /// <summary>Where results are stored, for people.</summary>
    public string StorageName => _postgres is not null
        ? "PostgreSQL (private server)"
        : _connectionString is not null ? "PostgreSQL" : "SQLite (one file for all nodes: no PostgreSQL found)";

    /// <summary>How far the simulator is; null before it starts.</summary>
    public SimulatorProgress? Progress => Volatile.Read(ref _progress);

    /// <summary>What running nodes answer.</summary>
    public IEnumerable<NodeStatus> Statuses => _nodes.Select(node => node.Status).OfType<NodeStatus>();

    /// <summary>Whether every partition is read by some node.</summary>
    public bool IsEveryPartitionRead =>
        Statuses.SelectMany(status => status.Partitions).Where(partition => partition.IsHere).DistinctBy(partition => partition.Partition).Count()
        == EmbeddedStream.Partitions;

    /// <summary>The number of nodes that every running node sees as up; 0 while they don't agree.</summary>
    public int MembersUp
    {
        get
        {
            var views = Statuses
                .Select(status => status.Members.Where(member => member.Status == "Up").Select(member => member.Address))
                .Select(up => string.Join(' ', up.Order()))
                .Distinct()
                .ToList();
            return views is [{ Length: > 0 } agreed] && Statuses.Count() == _nodes.Count(node => node.IsRunning)
                ? agreed.Split(' ').Length
                : 0;
        }
    }

    /// <summary>Starts broker and database, no node yet.</summary>
    /// <exception cref="StartException">Something it needs can't be had.</exception>
    public static async Task<NodeCluster> StartAsync(DemoOptions options)
    {
        Directory.CreateDirectory(options.DataDirectory);
        var binaries = options.ConnectionString is null ? PostgresServer.FindBinaries() : null;
        // Nobody must be counting there when what is of the past goes.
        using (DataDirectoryLock.Take(options.DataDirectory, isAlone: true))
            DeleteFormerFiles(options.DataDirectory, withDatabase: options.ConnectionString is null && binaries is null);
        var embedded = options.Stream is null
            ? EmbeddedStream.Start(new KafkaSettings(Configuration.NodeConfiguration.EmbeddedBrokerPlaceholder))
            : null;
        PostgresServer? postgres = null;
        var connectionString = options.ConnectionString;
        if (connectionString is not null)
            await RequireEmptyAsync(connectionString);
        if (binaries is not null)
        {
            postgres = await PostgresServer.CreateAsync(binaries);
            connectionString = postgres.ConnectionString("postgres");
        }

        return new NodeCluster(options, embedded, postgres, connectionString);
    }

    // What an installation counts in it would be overtaken, and mixed with the demonstration's.
    private static async Task RequireEmptyAsync(string connectionString)
    {
        await using var storage = new NodeStorage(new StorageOptions(StorageKind.Postgres, connectionString), RollupCatalog.Default);
        if (await storage.IsUsedAsync(CancellationToken.None))
            throw new StartException(
                $"{storage.Description} is used by an installation of Pulse, and a demonstration must not count into it. Name an empty one "
                + "in Pulse__Storage__ConnectionString, or unset it for a private server.");
    }

    /// <summary>Produces all events, never further ahead of the commits than the embedded broker retains.</summary>
    public Task<SimulatorResult> ProduceAsync(SimulatorOptions simulation, CancellationToken cancellation) =>
        new SimulatorRun(
            simulation with
            {
                BootstrapServers = _stream.BootstrapServers,
                Topic = _stream.Topic,
                CompletionTopic = _stream.CompletionTopic,
            },
            WaitForCommitsAsync,
            new LatestProgress(this)).RunAsync(cancellation);

    /// <summary>Waits until something is so.</summary>
    /// <exception cref="StartException">It took too long, or a node ended by itself.</exception>
    public async Task UntilAsync(string what, Func<bool> condition, CancellationToken cancellation)
    {
        var began = _clock.Elapsed;
        while (!condition())
        {
            if (_clock.Elapsed - began > Patience)
                throw new StartException($"Waited {Patience.TotalSeconds} s in vain until {what}; "
                    + $"see the nodes' logs in {_options.DataDirectory}.");
            if (_nodes.FirstOrDefault(node => node is { State: "starting" or "up", ExitCode: not null }) is { } ended)
                throw new StartException(
                    $"Node {ended.Number} ended by itself with {ended.ExitCode}; see {ended.LogFile}.");
            await Task.Delay(ObserveInterval, cancellation);
        }
    }

    /// <summary>The rows of a rollup's result table.</summary>
    public async Task<List<KeyCount>> ReadAsync(Rollup rollup, CancellationToken cancellation)
    {
        await using var storage = new NodeStorage(StorageOptions(), RollupCatalog.Default);
        var store = storage.Results;
        var rows = new List<KeyCount>();
        foreach (var date in await store.DatesAsync(rollup, cancellation))
        {
            await foreach (var row in store.ReadAsync(rollup, date, cancellation))
                rows.Add(row);
        }

        return rows;
    }

    /// <summary>Judges every stored number by the log.</summary>
    /// <returns>Whether one is refuted, and the verdict in a line.</returns>
    public async Task<(bool IsRefuted, string Line)> VerifyAsync(CancellationToken cancellation)
    {
        try
        {
            var report = await Verifier.RunAsync(VerificationSource.Of(_stream, StorageOptions()), null, cancellation);
            return (report.Verdict == Verification.Verdict.Fail, VerificationText.Conclusion(report));
        }
        catch (VerificationException exception)
        {
            return (false, VerificationText.Conclusion(exception));
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        await _observing;
        await _ends.DisposeAsync();
        foreach (var node in _nodes)
            await node.DisposeAsync();
        _held.Dispose();
        _embedded?.Dispose();
        if (_postgres is not null)
            await _postgres.DisposeAsync();
        _disposed.Dispose();
    }

    private StorageOptions StorageOptions() => _connectionString is { } postgres
        ? new StorageOptions(StorageKind.Postgres, postgres)
        : new StorageOptions(StorageKind.Sqlite, $"Data Source={Path.Combine(_options.DataDirectory, "pulse.db")}");

    private Dictionary<string, string> NodeEnvironment(int remotingPort, int[] remoting)
    {
        var environment = new Dictionary<string, string>
        {
            ["Pulse__Kafka__BootstrapServers"] = _stream.BootstrapServers,
            ["Pulse__Kafka__Topic"] = _stream.Topic,
            ["Pulse__Kafka__CompletionTopic"] = _stream.CompletionTopic,
            ["Pulse__Kafka__DeadLetterTopic"] = _stream.DeadLetterTopic,
            ["Pulse__Kafka__GroupId"] = _stream.GroupId,
            ["Pulse__CheckpointInterval"] = "00:00:05",
            // The nodes' logs go to files, where more is better.
            ["Logging__LogLevel__Akka"] = "Information",
            // On one machine nobody is ever out of reach for long.
            ["Pulse__Cluster__SeedNodeTimeout"] = "00:00:02",
            ["Pulse__Cluster__Port"] = remotingPort.ToString(CultureInfo.InvariantCulture),
        };
        if (_stream.StreamIdentity is { } identity)
            environment["Pulse__Kafka__StreamIdentity"] = identity;
        if (_connectionString is not null)
            environment["Pulse__Storage__ConnectionString"] = _connectionString;
        for (var seed = 0; seed < Math.Min(2, _options.Nodes); seed++)
            environment[$"Pulse__Cluster__SeedNodes__{seed}"] = $"127.0.0.1:{remoting[seed]}";
        return environment;
    }

    private async ValueTask WaitForCommitsAsync(long produced, CancellationToken cancellation)
    {
        while (_embedded is not null && produced - Committed > EmbeddedStream.RecordsUncommitted)
            await Task.Delay(ObserveInterval, cancellation);
    }

    private long Committed => _committed.Values.Sum();

    private void NoteCommits()
    {
        // A partition whose node was killed keeps what it had committed.
        foreach (var partition in Statuses.SelectMany(status => status.Partitions))
        {
            if (partition.Committed is { } committed)
                _committed.AddOrUpdate(partition.Partition, committed, (_, known) => Math.Max(known, committed));
        }
    }

    private async Task ObserveAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(ObserveInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                Gaps.Observe(_clock.Elapsed, Statuses, partition => _ends[partition]);
                NoteCommits();
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    private static void DeleteFormerFiles(string directory, bool withDatabase)
    {
        foreach (var file in Directory.GetFiles(directory, "node-*.log").Concat(withDatabase ? Directory.GetFiles(directory, "pulse.db*") : []))
            File.Delete(file);
    }

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToArray();
        listeners.ForEach(listener => listener.Dispose());
        return ports;
    }

    private sealed class LatestProgress(NodeCluster cluster) : IProgress<SimulatorProgress>
    {
        public void Report(SimulatorProgress value) => Volatile.Write(ref cluster._progress, value);
    }
}
