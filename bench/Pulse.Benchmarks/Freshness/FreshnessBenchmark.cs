using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Pulse.Benchmarks.Dashboards;
using Pulse.Benchmarks.Reporting;
using Pulse.Benchmarks.Subjects;

namespace Pulse.Benchmarks.Freshness;

/// <summary>
/// How long it takes from an event's production until a dashboard shows it, while many other events flow: on the
/// API's stream of server-sent events, and in what a dashboard's circuit is told to draw.
/// </summary>
/// <param name="rate">Other events a second.</param>
/// <param name="length">How long it is measured.</param>
/// <param name="broker">The broker.</param>
internal sealed class FreshnessBenchmark(int rate, TimeSpan length, BenchmarkBroker broker)
{
    // Twenty seconds: long enough for the runtime to have compiled what is hot, checkpoints included.
    private const int WarmUpProbes = 200;
    private static readonly byte[] Leaf = Encoding.UTF8.GetBytes($"\"{ProbeProducer.Value}\",\"value\":");
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public async Task<IReadOnlyList<Subject>> RunAsync()
    {
        await using var node = await HostProcess.StartAsync(rate, broker);
        using var probes = new ProbeProducer(await node.BrokerAsync, node.Topic);
        using var client = new HttpClient { BaseAddress = node.Address };
        using var stop = new CancellationTokenSource();
        var (stream, dashboard) = (new Sighting(probes), new Sighting(probes));
        var following = FollowAsync(client, stream, stop.Token);
        await using var circuit = await Circuit.OpenAsync(client, node.Address, "/", render => Read(render.Span, dashboard));

        await ProduceAsync(probes, WarmUpProbes * Pause);
        await UntilSeenAsync(probes, stream, dashboard);
        stream.Begin();
        dashboard.Begin();
        var (consumed, processor, began) = (await node.ConsumedAsync(), node.ProcessorTime, System.Diagnostics.Stopwatch.StartNew());
        await ProduceAsync(probes, length);
        var eventsPerSecond = (await node.ConsumedAsync() - consumed) / began.Elapsed.TotalSeconds;
        var cores = (node.ProcessorTime - processor) / began.Elapsed;
        await UntilSeenAsync(probes, stream, dashboard);
        await stop.CancelAsync();
        await following;
        return
        [
            Subject("API stream", stream, eventsPerSecond, cores),
            Subject("dashboard", dashboard, eventsPerSecond, cores),
        ];
    }

    private static Subject Subject(string name, Sighting sighting, double eventsPerSecond, double cores) => new(name,
    [
        new("p50, ms", Quantiles.Of(sighting.Milliseconds, 0.5)),
        new("p99, ms", Quantiles.Of(sighting.Milliseconds, 0.99)),
        new("max, ms", Quantiles.Of(sighting.Milliseconds, 1)),
        new("probes", sighting.Milliseconds.Count),
        new("events/s", eventsPerSecond),
        new("CPU, cores", cores),
    ]);

    // At uneven moments, so that no timer of the node's keeps step with them.
    private static async Task ProduceAsync(ProbeProducer probes, TimeSpan length)
    {
        var random = new Random(7);
        var end = Environment.TickCount64 + (long)length.TotalMilliseconds;
        while (Environment.TickCount64 < end)
        {
            probes.Produce();
            await Task.Delay(Pause * (0.5 + random.NextDouble()));
        }
    }

    private static async Task UntilSeenAsync(ProbeProducer probes, params Sighting[] sightings)
    {
        var end = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (sightings.Any(sighting => sighting.Seen < probes.Count))
        {
            if (Environment.TickCount64 > end)
                throw new InvalidOperationException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"Of {probes.Count} probes only {string.Join(" and ", sightings.Select(sighting => sighting.Seen))} were seen within {Patience.TotalSeconds} s."));
            await Task.Delay(20);
        }
    }

    private static async Task FollowAsync(HttpClient client, Sighting sighting, CancellationToken stop)
    {
        try
        {
            await using var body = await client.GetStreamAsync($"/api/rollups/viewsByDeviceGenre/stream?genre={ProbeProducer.Value}&newest=12", stop);
            using var lines = new StreamReader(body);
            while (await lines.ReadLineAsync(stop) is { } line)
            {
                if (!line.StartsWith("data: {", StringComparison.Ordinal))
                    continue;
                using var data = JsonDocument.Parse(line.AsMemory("data: ".Length));
                sighting.Shown(data.RootElement.GetProperty("total").GetInt32());
            }
        }
        catch (OperationCanceledException)
        {
            // That was all.
        }
    }

    // The picture's numbers are an attribute, which a render batch holds as it is.
    private static void Read(ReadOnlySpan<byte> render, Sighting sighting)
    {
        if (render.IndexOf(Leaf) is var index and >= 0
            && Utf8Parser.TryParse(render[(index + Leaf.Length)..], out int count, out _))
            sighting.Shown(count);
    }
}
