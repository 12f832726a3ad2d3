using System.Globalization;
using Akka.Actor;
using Akka.Cluster;
using Akka.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Pulse.Actors.Broker;
using Pulse.Actors.Hosting;
using Pulse.Actors.Ingest;
using Pulse.Actors.Storage;
using Pulse.Host.Access;
using Pulse.Host.Cli;
using Pulse.Host.Configuration;
using Pulse.Host.Console;
using Pulse.Host.Dashboard;
using Pulse.Host.Embedded;
using Pulse.Host.Health;
using Pulse.Host.Telemetry;
using Pulse.Simulator.Broker;
using Pulse.Warehouse;

namespace Pulse.Host;

/// <summary>One node as a process: checks that it can start, starts it, and waits for its end.</summary>
internal sealed class PulseApplication(NodeConfiguration node, RunOptions run, IConfiguration configuration)
{
    /// <summary>Answers while the process lives, whatever its state.</summary>
    internal const string LivePath = "/health/live";

    /// <summary>Answers 200 while the node can do its work.</summary>
    internal const string ReadyPath = "/health/ready";

    /// <summary>Above the sum of the time-outs of the coordinated shutdown's phases.</summary>
    internal static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(100);

    private readonly ConsoleView _view = ConsoleView.Standard();
    private string? _keysObjection;

    private string KeyDirectory => Path.Combine(node.DataDirectory, "keys");

    /// <param name="end">Is cancelled when somebody asks the process to end.</param>
    /// <returns>The process's exit code.</returns>
    /// <exception cref="StartException">It can't start.</exception>
    /// <exception cref="StorageException">Storage is not there or does not fit.</exception>
    public async Task<int> RunAsync(CancellationToken end)
    {
        try
        {
            return await StartAsync(end);
        }
        catch (Exception exception) when (
            end.IsCancellationRequested && exception is (OperationCanceledException or StorageException or StartException))
        {
            // What fails of a start that nobody wants any more is no news.
            return HostCommand.Done;
        }
    }

    private async Task<int> StartAsync(CancellationToken end)
    {
        StartChecks.Directories(node);
        // Before anything is written there, or said of a port: what stands in the way is the other node.
        using var held = StartChecks.Hold(node);
        _keysObjection = CookieKeys.Objection(KeyDirectory);
        StartChecks.TruthFile(run.TruthFile);
        StartChecks.HttpPort(node.Http);
        await StartChecks.ClusterPortAsync(node.Settings.Cluster).WaitAsync(end);
        end.ThrowIfCancellationRequested();
        using var stream = node.IsBrokerEmbedded ? EmbeddedStream.Start(node.Settings.Kafka) : null;
        var started = node with { Settings = node.Settings with { Kafka = stream?.Settings ?? node.Settings.Kafka } };
        if (stream is null)
            await KafkaStartCheck.RunAsync(started.Settings.Kafka, node.CreateTopics).WaitAsync(end);

        await using var application = Build(started);
        var storage = application.Services.GetRequiredService<NodeStorage>();
        await UpgradeAsync(storage, started.Settings, end);
        await storage.PrepareAsync(node.Settings.Rules, end);
        await StartChecks.StreamAsync(application.Services.GetRequiredService<StreamAdmission>(), end);
        end.ThrowIfCancellationRequested();
        return await RunAsync(application, started, stream, held, end);
    }

    private async Task UpgradeAsync(NodeStorage storage, PulseSettings settings, CancellationToken end)
    {
        try
        {
            if (await StorageUpgrade.RunAsync(storage, settings, end) is { } upgraded)
                _view.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{storage.Description}: upgraded from an earlier version of Pulse, with {upgraded.Events:N0} events in "
                    + $"{upgraded.Rollups} rollups. No earlier version can use it any more."));
        }
        catch (IngestException exception)
        {
            throw new StartException(exception.Message, exception);
        }
    }

    private async Task<int> RunAsync(
        WebApplication application, NodeConfiguration started, EmbeddedStream? stream, DataDirectoryLock? held,
        CancellationToken end)
    {
        var services = application.Services;
        var outcome = services.GetRequiredService<RunOutcome>();
        try
        {
            // To its end, whoever asks to end meanwhile: what is half there can't go in good order.
            await application.StartAsync(CancellationToken.None);
        }
        catch (IOException exception) when (exception.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            throw new StartException(
                $"Port {node.Http.Port} on {node.Http.Address} was taken meanwhile. Choose another with --port or Pulse:Http:Port.",
                exception);
        }

        await using var ending = end.Register(services.GetRequiredService<IHostApplicationLifetime>().StopApplication);
        var address = services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        held?.Announce(address);
        using var note = stream?.NoteOf(address).Post(node.DataDirectory);
        if (outcome.Failure is null && !end.IsCancellationRequested)
        {
            Banner.Write(
                _view,
                started,
                run,
                services.GetRequiredService<NodeStorage>(),
                services.GetRequiredService<IWarehouse>(),
                address);
            var log = services.GetRequiredService<ILogger<PulseApplication>>();
            WarnOfConfiguredStream(log, started.Settings.Kafka.StreamIdentity);
            if (_keysObjection is { } objection)
                log.LogWarning(
                    "Keys of cookies can't be kept in {Directory} ({Objection}): sign-ins, and pages that are open, end with this process. Choose "
                    + "another directory with --data or Pulse:Data, and see that TMPDIR is one that can be written to.",
                    KeyDirectory, objection);
        }

        await application.WaitForShutdownAsync(CancellationToken.None);

        return Conclude(outcome);
    }

    // The embedded broker's is Pulse's own, and another one each time.
    private static void WarnOfConfiguredStream(ILogger log, string? identity)
    {
        if (identity?.StartsWith(EmbeddedBroker.IdentityPrefix, StringComparison.Ordinal) == false)
            log.LogWarning(
                "Pulse:Kafka:StreamIdentity is '{Identity}', so Kafka is not asked which stream the topic is: that the topic was made again, "
                + "or that another cluster answers, is not noticed, and its records are counted as those that follow. Give a topic that "
                + "is made again another identity.",
                identity);
    }

    private static int Conclude(RunOutcome outcome)
    {
        if (outcome.Failure is { } failure)
            System.Console.Error.WriteLine(failure);
        return outcome.ExitCode;
    }

    private WebApplication Build(NodeConfiguration started)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ApplicationName = typeof(PulseApplication).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(new ConsoleViewLoggerProvider(_view));
        builder.Logging.SetMinimumLevel(LogLevel.Information);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        // Whoever asks gets the answer; what is wrong is logged once, by what finds out.
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        builder.Logging.AddFilter("Akka", LogLevel.Warning);
        // Whoever stores is told of every failure, and the storage monitor says once that storage is away.
        builder.Logging.AddFilter("Akka.Persistence", LogLevel.None);
        // Who can't be reached, and what was meant for another name, is said in Pulse's own words by the search for a cluster and by status.
        builder.Logging.AddFilter("Akka.Remote", LogLevel.None);
        // Akka's name for those of its lines that no class stands for, such as those about associations.
        builder.Logging.AddFilter("Akka.Event", LogLevel.Error);
        builder.Logging.AddFilter("Akka.Cluster.JoinSeedNodeProcess", LogLevel.None);
        // Its warnings are about its own books, when a connection closes while the node ends; its errors say what went wrong.
        builder.Logging.AddFilter("Akka.Remote.Transport.DotNetty", LogLevel.Error);
        // What waits for a shard that moves, or is dropped with it, is no loss: the session reads it again.
        builder.Logging.AddFilter("Akka.Cluster.Sharding", LogLevel.Error);
        // A cluster of one fears late heartbeats for nothing.
        if (node.Settings.Cluster.SeedNodes.IsEmpty)
            builder.Logging.AddFilter("Akka.Cluster", LogLevel.Error);
        // The export watch tells people on every node.
        builder.Logging.AddFilter("Pulse.Actors.Coordination", LogLevel.Warning);
        builder.Logging.AddConfiguration(configuration.GetSection("Logging"));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(node.Http.Address, node.Http.Port));

        var services = builder.Services;
        services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        services.AddSingleton<IHostLifetime, HostLifetime>();
        services.AddSingleton(_view);
        services.AddSingleton<RunOutcome>();
        services.AddSingleton<LatestExport>();
        services.AddSingleton(TimeProvider.System);
        services.AddPulse(started.Settings, started.Warehouse.Create(), Watch);
        builder.AddDashboard(node.Http, started.Settings, KeyDirectory);
        if (_keysObjection is not null)
            CookieKeys.KeepInMemory(services);
        builder.AddTelemetry(configuration);
        services.AddHostedService<StatusLine>();
        services.AddHostedService<GapReading>();
        services.AddHealthChecks()
            .AddCheck<MembershipCheck>("cluster", tags: ["ready"])
            .AddCheck<StorageCheck>("storage", tags: ["ready"])
            .AddCheck<BucketsCheck>("buckets", tags: ["ready"])
            .AddCheck<KafkaCheck>("kafka", tags: ["ready"]);
        if (run.Simulation is { } simulation)
            AddSimulator(services, simulation with { BootstrapServers = started.Settings.Kafka.BootstrapServers });

        var application = builder.Build();
        application.MapHealthChecks(LivePath, new() { Predicate = _ => false }).AllowAnonymous();
        application
            .MapHealthChecks(ReadyPath, new() { Predicate = check => check.Tags.Contains("ready"), ResponseWriter = Readiness.WriteAsync })
            .AllowAnonymous();
        application.MapDashboard();
        application.MapMetrics();
        return application;
    }

    private void Watch(AkkaConfigurationBuilder akka, IServiceProvider services) =>
        akka.AddStartup((system, _) => EndWhenRemoved(system, services)).WithActors((system, _) =>
        {
            var outcome = services.GetRequiredService<RunOutcome>();
            Action<string> fail = why => outcome.Fail(why);
            system.ActorOf(Props.Create(() => new ClusterEntrance(node.Settings, fail)), "cluster-entrance");
            system.ActorOf(
                Props.Create(() => new ExportWatch(
                    run.ExitOnComplete,
                    outcome,
                    services.GetRequiredService<LatestExport>(),
                    services.GetRequiredService<ILogger<ExportWatch>>())),
                "export-watch");
        });

    // A node that the others have given up must not linger; whoever supervises the process starts it again.
    private static void EndWhenRemoved(ActorSystem system, IServiceProvider services)
    {
        // Asked for now: the services may be gone when the node is removed.
        var stopping = services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        var outcome = services.GetRequiredService<RunOutcome>();
        Cluster.Get(system).RegisterOnMemberRemoved(() =>
        {
            if (stopping.IsCancellationRequested)
                return;
            // Akka ends a node that finds itself among strangers; the reason's type is its own.
            var isTls = CoordinatedShutdown.Get(system).ShutdownReason?.GetType().Name == "TlsHandshakeFailureReason";
            outcome.Fail(isTls
                ? "This node and the one that it called do not accept each other's certificate. Check Pulse:Cluster:Tls on both: "
                    + "certificates must be valid and from the same authority."
                : "The other nodes could not reach this one and removed it from the cluster. Start it again.");
        });
    }

    private void AddSimulator(IServiceCollection services, Pulse.Simulator.SimulatorOptions simulation)
    {
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<EmbeddedSimulator>(
            provider, simulation, new TruthFile(run.TruthFile)));
        services.AddHostedService(provider => provider.GetRequiredService<EmbeddedSimulator>());
    }
}
