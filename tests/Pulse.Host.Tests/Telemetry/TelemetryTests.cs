using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using Pulse.Actors.Broker;
using Pulse.Actors.Buckets;
using Pulse.Actors.Coordination;
using Pulse.Actors.Ingest;
using Pulse.Actors.Ingest.Sinks;
using Pulse.Actors.Live;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Gaps;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Host.Access;
using Pulse.Host.Configuration;
using Pulse.Host.Telemetry;
using Pulse.Host.Tests.Api;
using Pulse.Testing;
using Pulse.Warehouse;

namespace Pulse.Host.Tests.Telemetry;

/// <summary>What a node's statistics look like to whoever collects metrics.</summary>
public sealed class TelemetryTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly string _directory = Directory.CreateTempSubdirectory("pulse-metrics-").FullName;
    private readonly IngestStatistics _ingest = new();
    private readonly BucketStatistics _buckets = new();
    private readonly ExportStatistics _exports = new();
    private readonly StorageAvailability _storage = new();
    private readonly StoredGaps _gaps = new();
    private readonly UndeliveredMessages _undelivered = new();
    private readonly StreamView _stream = new();
    private readonly ReadModel _model = new(RollupCatalog.Default, new LiveOptions(), TimeSpan.Zero);
    private readonly TaskCompletionSource _collected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication _collector = null!;
    private WebApplication _node = null!;
    private HttpClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _collector = Application();
        _collector.MapPost("/v1/metrics", async (HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            var told = Encoding.Latin1.GetString(body.ToArray());
            if (told.Contains("pulse.ingest.events", StringComparison.Ordinal))
                _collected.TrySetResult();
            return Results.Ok();
        });
        await _collector.StartAsync(TestContext.Current.CancellationToken);

        _node = Application(builder =>
        {
            builder.Services.AddAccessControl(HttpSettings.Loopback(0) with { ApiKey = ApiFixture.ApiKey }, _directory);
            builder.Services.AddProblemDetails();
            builder.Services.AddSingleton(_ingest).AddSingleton(_buckets).AddSingleton(_exports)
                .AddSingleton(_storage).AddSingleton(_model).AddSingleton(_stream).AddSingleton(new ClusterView { Self = "self#1" }).AddSingleton(_gaps).AddSingleton<DeadLetterStatistics>().AddSingleton(_undelivered);
            builder.AddTelemetry(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _collector.Urls.First(),
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                // When a test says so: what is observed for the collector would be in the scrape of a moment later too.
                ["OTEL_METRIC_EXPORT_INTERVAL"] = "3600000",
            }).Build());
        });
        _node.UseAccessControl();
        _node.MapMetrics();
        await _node.StartAsync(TestContext.Current.CancellationToken);
        _client = new HttpClient { BaseAddress = new Uri(_node.Urls.First()) };
        _client.DefaultRequestHeaders.Add(ApiKeyHandler.Header, ApiFixture.ApiKey);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _node.DisposeAsync();
        await _collector.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_scrape_says_what_the_statistics_say()
    {
        _ingest.Assigned(3);
        (_ingest.Status(3)!.Position, _ingest.Status(3)!.Committed) = (70, 60);
        _ingest.Read(90, 4);
        _ingest.Flushed(12);
        _ingest.Flushed(3);
        _ingest.SessionRestarted();
        _ingest.Committed();
        _buckets.Started();
        _buckets.Stored(7);
        _buckets.Failed();
        _buckets.Of("viewsByDeviceGenre").Applied(80, 6);
        _buckets.StandsApart(new BucketId("viewsByDeviceGenre", 3), "refused");
        _buckets.StandsApart(new BucketId("viewsByDeviceGenre", 7), "refused");
        _storage.Failed(StorageActivity.Renewing, "away");

        var scrape = await ScrapeAsync();

        Assert.Equal(90, scrape["pulse_ingest_events_total"]);
        Assert.Equal(4, scrape["pulse_ingest_dead_letters_total"]);
        Assert.Equal(2, scrape["pulse_ingest_flushes_total"]);
        Assert.Equal(15, scrape["pulse_ingest_deltas_total"]);
        Assert.Equal(1, scrape["pulse_ingest_session_restarts_total"]);
        Assert.Equal(1, scrape["pulse_ingest_commits_total"]);
        Assert.InRange(scrape["pulse_ingest_commit_age_seconds"], 0, 60);
        Assert.Equal(70, scrape["pulse_ingest_position{partition=\"3\"}"]);
        Assert.Equal(60, scrape["pulse_ingest_committed{partition=\"3\"}"]);
        Assert.Equal(1, scrape["pulse_bucket_running"]);
        Assert.Equal(0, scrape["pulse_bucket_unstored_size_bytes"]);
        Assert.Equal(_buckets.Unstored.MaximumBytes, scrape["pulse_bucket_unstored_limit_bytes"]);
        Assert.Equal(1, scrape["pulse_bucket_checkpoints_total"]);
        Assert.InRange(scrape["pulse_bucket_checkpoint_age_seconds"], 0, 60);
        Assert.Equal(80, scrape["pulse_bucket_counted_total{rollup=\"viewsByDeviceGenre\"}"]);
        Assert.Equal(2, scrape["pulse_bucket_apart{rollup=\"viewsByDeviceGenre\"}"]);
        Assert.Equal(6, scrape["pulse_bucket_late_total{rollup=\"viewsByDeviceGenre\"}"]);
        Assert.Equal(7, scrape["pulse_storage_rows_total"]);
        Assert.Equal(1, scrape["pulse_storage_failures_total"]);
        Assert.Equal(0, scrape["pulse_storage_reachable"]);
    }

    [Fact]
    public async Task Another_format_and_lost_messages_are_told()
    {
        using var batch = new RecordBatch(reading: 1, start: 0);
        for (var offset = 0; offset < 20; offset++)
            batch.Add(offset, 0, 0, [], "x"u8);
        _ingest.Formats.Add(3, batch, [.. Enumerable.Range(0, 20).Select(index => (index, new BadRecord(BadRecordReason.NotJson, EventField.None)))]);
        _ingest.Formats.Judge();
        _undelivered.Add();

        var scrape = await ScrapeAsync();

        Assert.Equal(1, scrape["pulse_ingest_wrong_format"]);
        Assert.Equal(1, scrape["pulse_cluster_undelivered_total"]);
    }

    [Fact]
    public async Task Gaps_are_told_by_partition_and_kind_once_storage_was_asked()
    {
        Assert.DoesNotContain((await ScrapeAsync()).Series, series => series.StartsWith("pulse_ingest_gap_records", StringComparison.Ordinal));

        _gaps.Sums = [new GapSum("stream", 3, GapKind.Retention, 500), new GapSum("stream", 3, GapKind.Cut, 7)];

        // A scrape within the exporter's moment of rest gets the one before.
        await Eventually.HoldsAsync("the gaps are told", Limit, async () =>
            (await ScrapeAsync()) is var scrape
            && scrape.Series.Contains("pulse_ingest_gap_records{kind=\"cut\",partition=\"3\",stream=\"stream\"}")
            && scrape["pulse_ingest_gap_records{kind=\"cut\",partition=\"3\",stream=\"stream\"}"] == 7
            && scrape["pulse_ingest_gap_records{kind=\"retention\",partition=\"3\",stream=\"stream\"}"] == 500);
    }

    [Fact]
    public async Task A_lag_that_is_unknown_is_absent_and_partitions_are_counted_by_what_becomes_of_them()
    {
        _stream.State = new StreamState(DateTime.UtcNow, DateTime.UtcNow)
        {
            Stream = "cluster/topic/id",
            KafkaAnsweredUtc = DateTime.UtcNow,
            Partitions =
            [
                Read(0, lag: 0), Read(1, lag: 30), Read(2, lag: null) with { Standing = Why(StandingCause.NoProgress) },
                Read(3, lag: 40) with { Reader = "other#2" },
                new PartitionState(4) { Lag = 50, Standing = Why(StandingCause.NoReader) },
                new PartitionState(5) { Standing = Why(StandingCause.NoLeader) },
            ],
        };

        var scrape = await ScrapeAsync();

        Assert.Equal(
            ["0: 0", "1: 30", "4: 50"],
            scrape.Series.Where(series => series.StartsWith("pulse_ingest_lag{", StringComparison.Ordinal)).Order()
                .Select(series => $"{series.Split('"')[1]}: {scrape[series]}"));
        Assert.Equal(2, scrape["pulse_ingest_partitions{state=\"read\"}"]);
        Assert.Equal(1, scrape["pulse_ingest_partitions{state=\"no_leader\"}"]);
        Assert.Equal(1, scrape["pulse_ingest_partitions{state=\"no_reader\"}"]);
        Assert.Equal(1, scrape["pulse_ingest_partitions{state=\"standing\"}"]);
        Assert.Equal(1, scrape["pulse_kafka_reachable"]);

        static PartitionState Read(int number, long? lag) => new(number) { Reader = "self#1", Lag = lag };

        static Standing Why(StandingCause cause) => new(cause, "why", DateTime.UtcNow);
    }

    [Fact]
    public async Task Brokers_that_did_not_answer_are_not_reachable() =>
        Assert.Equal(0, (await ScrapeAsync())["pulse_kafka_reachable"]);

    [Fact]
    public async Task What_a_client_says_of_its_queue_and_its_brokers()
    {
        _ingest.Reader.Said(
            """
            {"msg_cnt":4,"msg_size":500,"brokers":{"kafka-1:9092/1":{"state":"UP","txerrs":1,"rxerrs":2,"req_timeouts":3,
              "rtt":{"p50":1500,"p99":8000,"cnt":9}}}}
            """);
        await Eventually.HoldsAsync("it is read", Limit, () => Task.FromResult(_ingest.Reader.Latest is not null));

        var scrape = await ScrapeAsync();

        const string Broker = "broker=\"kafka-1:9092/1\",client=\"reader\"";
        Assert.Equal(4, scrape["pulse_kafka_client_queue_messages{client=\"reader\"}"]);
        Assert.Equal(500, scrape["pulse_kafka_client_queue_size_bytes{client=\"reader\"}"]);
        Assert.Equal(1, scrape[$"pulse_kafka_broker_connected{{{Broker},state=\"UP\"}}"]);
        Assert.Equal(3, scrape[$"pulse_kafka_broker_errors_total{{{Broker}}}"]);
        Assert.Equal(3, scrape[$"pulse_kafka_broker_timeouts_total{{{Broker}}}"]);
        Assert.Equal(0.0015, scrape[$"pulse_kafka_broker_round_trip_seconds{{{Broker},quantile=\"0.5\"}}"]);
        Assert.Equal(0.008, scrape[$"pulse_kafka_broker_round_trip_seconds{{{Broker},quantile=\"0.99\"}}"]);
        Assert.DoesNotContain(scrape.Series, series => series.Contains("dead_letters\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_partition_that_went_to_another_node_leaves_the_metrics()
    {
        _ingest.Assigned(5);
        _ingest.Assigned(6);
        _ingest.Status(5)!.Position = 70;
        var before = await ScrapeAsync();
        Assert.Equal(70, before["pulse_ingest_position{partition=\"5\"}"]);
        Assert.DoesNotContain("pulse_ingest_position{partition=\"6\"}", before.Series);

        _ingest.Released(5);

        // A scrape within the exporter's moment of rest gets the one before.
        await Eventually.HoldsAsync(
            "the partition is gone",
            Limit,
            async () => !(await ScrapeAsync()).Series.Contains("pulse_ingest_position{partition=\"5\"}"));
    }

    [Fact]
    public async Task An_export_tells_where_its_dates_stand_and_no_more_of_them_than_a_hundred()
    {
        for (var day = 0; day < 150; day++)
            _exports.DateTold(new RollupDate("viewsByLocationMR", new DateOnly(2025, 1, 1).AddDays(day)), new DateStatus(DateStep.Waiting));
        _exports.DateTold(
            new RollupDate("viewsByLocationMR", new DateOnly(2025, 1, 2)), new DateStatus(DateStep.Loading, 50, 900, "job", "RUNNING"));
        _exports.DateStarted();
        _exports.DateExported(new ExportedDate(120, 5_000, 3_000));
        _exports.DateExported(new ExportedDate(10, 5_000, 0, "", IsUnchanged: true));

        var scrape = await ScrapeAsync();

        const string AtWork = "date=\"2025-01-02\"";
        const string Rollup = "rollup=\"viewsByLocationMR\"";
        Assert.Equal(50, scrape[$"pulse_export_date_rows{{{AtWork},{Rollup}}}"]);
        Assert.Equal(900, scrape[$"pulse_export_date_size_bytes{{{AtWork},{Rollup}}}"]);
        Assert.Equal(1, scrape[$"pulse_export_date_state{{{AtWork},job_state=\"RUNNING\",{Rollup},step=\"Loading\"}}"]);
        Assert.Equal(100, scrape.Series.Count(series => series.StartsWith("pulse_export_date_rows{", StringComparison.Ordinal)));
        Assert.Equal(1, scrape["pulse_export_dates_total{outcome=\"loaded\"}"]);
        Assert.Equal(1, scrape["pulse_export_dates_total{outcome=\"unchanged\"}"]);
        Assert.Equal(120, scrape["pulse_export_rows_total"]);
        Assert.Equal(3_000, scrape["pulse_export_size_bytes_total"]);
        Assert.Equal(1, scrape["pulse_export_dates_running"]);
    }

    [Fact]
    public async Task Who_scrapes_without_the_key_learns_nothing()
    {
        using var stranger = new HttpClient { BaseAddress = _client.BaseAddress };
        using var response = await stranger.GetAsync(TelemetryHosting.MetricsPath, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_collector_that_is_named_is_told()
    {
        _ingest.Read(1, 0);

        var provider = _node.Services.GetRequiredService<MeterProvider>();
        await Eventually.HoldsAsync(
            "the collector is told of the events",
            Limit,
            () =>
            {
                provider.ForceFlush();
                return Task.FromResult(_collected.Task.IsCompleted);
            });
    }

    private async Task<Scrape> ScrapeAsync() =>
        new(await _client.GetStringAsync(TelemetryHosting.MetricsPath, TestContext.Current.CancellationToken));

    private static WebApplication Application(Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        configure?.Invoke(builder);
        return builder.Build();
    }
}
