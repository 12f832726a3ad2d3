using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Pulse.Host.Telemetry;

/// <summary>
/// Shows what a node does as metrics: to whoever scrapes <c>/metrics</c>, and to an OTLP collector where
/// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> names one. Nothing else is contacted.
/// </summary>
internal static class TelemetryHosting
{
    public const string MetricsPath = "/metrics";

    private const string OpenTelemetryPrefix = "OTEL_";
    private const string CollectorAddress = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Registers the instruments and where they are read.</summary>
    /// <param name="builder">The node's builder.</param>
    /// <param name="configuration">Where OpenTelemetry's own settings are looked up, such as the environment.</param>
    public static void AddTelemetry(this WebApplicationBuilder builder, IConfiguration configuration)
    {
        var settings = configuration.AsEnumerable().Where(setting =>
            setting.Key.StartsWith(OpenTelemetryPrefix, StringComparison.OrdinalIgnoreCase));
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(
                "pulse", serviceVersion: typeof(TelemetryHosting).Assembly.GetName().Version?.ToString(3)))
            .WithMetrics(metrics =>
            {
                // Both are read when somebody asks and cost nothing before.
                metrics.AddMeter(NodeInstruments.MeterName, "System.Runtime");
                metrics.AddInstrumentation(provider => ActivatorUtilities.CreateInstance<NodeInstruments>(provider));
                metrics.AddPrometheusExporter(prometheus => prometheus.ScopeInfoEnabled = false);
                if (!string.IsNullOrWhiteSpace(configuration[CollectorAddress]))
                    metrics.AddOtlpExporter();
            });
    }

    /// <summary>Maps <c>/metrics</c>, to be read by whoever may read the API.</summary>
    public static void MapMetrics(this WebApplication application) =>
        application.MapPrometheusScrapingEndpoint(MetricsPath);
}
