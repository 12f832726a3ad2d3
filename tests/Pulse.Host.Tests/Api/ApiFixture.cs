using Akka.Actor;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pulse.Actors.Broker;
using Pulse.Actors.Buckets;
using Pulse.Actors.Hosting;
using Pulse.Actors.Ingest;
using Pulse.Actors.Ingest.Sinks;
using Pulse.Actors.Live;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Host.Api;
using Pulse.Host.Configuration;
using Pulse.Testing;

namespace Pulse.Host.Tests.Api;

/// <summary>The API over a database with known counts, without a network.</summary>
public sealed class ApiFixture : IAsyncLifetime
{
    public const string ApiKey = "a key of thirty-two characters..";
    public const int WindowsInMemory = 6;
    public const int WindowsStored = 10;

    private readonly string _directory = Directory.CreateTempSubdirectory("pulse-api-").FullName;
    private readonly List<WebApplication> _applications = [];
    private readonly List<NodeStorage> _storage = [];
    private readonly ActorSystem _system = ActorSystem.Create(
        "pulse-api", "akka { stdout-loglevel = OFF, loglevel = OFF, actor.provider = cluster, "
        + "remote { startup-timeout = 120s, dot-netty.tcp { hostname = 127.0.0.1, port = 0 } } }");

    /// <summary>A value of as many bytes as Pulse counts, in two scripts.</summary>
    public static string LongestLatin { get; } = new('G', EventDecoder.MaximumTextBytes);

    /// <inheritdoc cref="LongestLatin" />
    public static string LongestCyrillic { get; } = new('Ж', EventDecoder.MaximumTextBytes / 2);

    /// <summary>Everything that is stored of the first rollup.</summary>
    public static IReadOnlyList<KeyCount> Rows { get; } =
    [
        .. from window in Enumerable.Range(1, WindowsStored)
           from device in (string[])["Mobile", "PC", "Smart TV", "Tab,\"let\"", LongestLatin, LongestCyrillic]
           // An answer without a limit of its own has a hundred rows.
           from genre in device == LongestLatin || device == LongestCyrillic ? (string[])["Drama"] : ["Action", "Drama"]
           select new KeyCount(
               new RollupKey(device, genre),
               Window.EndingAt(new DateTime(2026, 1, 31, 23, 30, 0, DateTimeKind.Utc).AddMinutes(5 * window)),
               (100 * window) + (10 * device.Length) + genre.Length),
    ];

    public StreamView Stream { get; } = new();

    public HttpClient Client { get; private set; } = null!;

    /// <summary>What the client asks, for requests that a client would not send.</summary>
    public TestServer Server => _applications[0].GetTestServer();

    public HttpClient ProtectedClient { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Client = await StartAsync(HttpSettings.Loopback(0) with { RequestsPerSecond = 1_000_000 });
        ProtectedClient = await StartAsync(HttpSettings.Loopback(0) with { ApiKey = ApiKey });
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var application in _applications)
            await application.DisposeAsync();
        foreach (var node in _storage)
            await node.DisposeAsync();
        await _system.Terminate();
        Directory.Delete(_directory, recursive: true);
    }

    // Three gaps of every bucket, and five actions.
    private static async Task FillOperationsAsync(string database)
    {
        await using var connection = new Microsoft.Data.Sqlite.SqliteConnection(database);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText =
            "insert into pulse_gap (version, bucket, stream, partition, from_offset, to_offset, kind, stored_at) "
            + "select version, bucket, 'stream', column1, column2, column3, column4, column5 from pulse_bucket, "
            + "(values (0, 0, 30, 'retention', '2026-01-01 00:00:01'), (1, 5, 10, 'retention', '2026-01-01 00:00:02'), "
            + "(1, 100, 150, 'cut', '2026-01-01 00:00:03'));"
            + "insert into pulse_action (at, who, what) select '2026-01-01 00:00:0' || column1, 'ann@host', 'act ' || column1 from (values (1), (2), (3), (4), (5))";
        await command.ExecuteNonQueryAsync();
    }

    private async Task<HttpClient> StartAsync(HttpSettings http)
    {
        var storage = new StorageOptions(
            StorageKind.Sqlite, $"Data Source={Path.Combine(_directory, $"{_applications.Count}.db")}");
        var settings = new PulseSettings(
            new KafkaSettings("127.0.0.1:1")
            {
                Client = System.Collections.Immutable.ImmutableDictionary<string, string>.Empty.Add("socket.timeout.ms", "1000"),
            },
            storage,
            RollupCatalog.Default)
        {
            Live = new LiveOptions { Windows = WindowsInMemory },
        };
        var node = new NodeStorage(storage, settings.Catalog);
        _storage.Add(node);
        await node.PrepareAsync(settings.Rules, TestContext.Current.CancellationToken);
        await FillOperationsAsync(storage.ConnectionString);
        await new BucketWriter(node, settings.Catalog).CountAsync(settings.Catalog.Rollups[0], Rows, late: 7);
        var model = new ReadModel(settings.Catalog, settings.Live, TimeSpan.Zero);
        await new ModelFiller(node.Results, settings.Live).FillAsync(model, WindowsInMemory, TestContext.Current.CancellationToken);

        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Services.AddApi(http, settings, Path.Combine(_directory, "keys"));
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(_system);
        builder.Services.AddSingleton(node.Results);
        builder.Services.AddSingleton(node.Gaps);
        builder.Services.AddSingleton(node.Actions);
        builder.Services.AddSingleton(model);
        builder.Services.AddSingleton<RollupReader>();
        builder.Services.AddSingleton<ClusterView>();
        builder.Services.AddSingleton(Stream);
        builder.Services.AddSingleton(new Balances(settings.Catalog));
        builder.Services.AddSingleton<IngestStatistics>();
        builder.Services.AddSingleton<DeadLetterStatistics>();
        builder.Services.AddSingleton<StoredGaps>();
        builder.Services.AddSingleton<BucketStatistics>();
        builder.Services.AddSingleton(new StorageAvailability());
        builder.Services.AddSingleton<LatestExport>();
        var application = builder.Build();
        application.Use(MethodRules.AnswerHeadAsGet);
        application.UseRouting();
        application.MapApi();
        await application.StartAsync(TestContext.Current.CancellationToken);
        _applications.Add(application);
        return application.GetTestClient();
    }
}
