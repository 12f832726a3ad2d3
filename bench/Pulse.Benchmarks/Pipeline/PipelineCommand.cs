using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Pulse.Benchmarks.Reporting;
using Pulse.Benchmarks.Subjects;
using Pulse.Testing;

namespace Pulse.Benchmarks.Pipeline;

/// <summary><c>pipeline</c>: Kafka to buckets, against a bare loop.</summary>
internal static class PipelineCommand
{
    public static Command Create()
    {
        var partitions = CommandOptions.Count("--partitions", 32, "Partitions of the topic");
        var events = CommandOptions.Count("--events", 300_000, "Events of a round, within what the broker keeps");
        var rounds = CommandOptions.Count("--rounds", 9, "Measured rounds");
        var warmUps = CommandOptions.Count("--warm-ups", 30, "Rounds before those; two nodes take that many until all is compiled");
        var nodes = CommandOptions.Count("--nodes", 1, "2 measures a cluster of two as well");
        var checkpoint = CommandOptions.Count("--checkpoint-seconds", 5, "Time between checkpoints; in production 300");
        var only = new Option<string?>("--only") { Description = "Only bare, hand or pulse" };
        only.AcceptOnlyFromAmong("bare", "hand", "pulse");
        var json = CommandOptions.Json("pipeline");
        var command = new Command("pipeline", "Read a topic: bare loop, loop with decoder and counters, Pulse")
        {
            partitions, events, rounds, warmUps, nodes, checkpoint, only, json,
        };
        command.SetAction(async (parsed, _) =>
        {
            await using var postgres = new PostgresFixture();
            await using var broker = await BenchmarkBroker.OfAsync(parsed);
            var seconds = parsed.GetValue(checkpoint);
            List<Subject> subjects = [];
            (string, string)[] conditions = [];
            foreach (var kind in Enum.GetValues<SubjectKind>())
            {
                if (parsed.GetValue(only) is { } one && !one.Equals(kind.ToString(), StringComparison.OrdinalIgnoreCase))
                    continue;
                var database = kind == SubjectKind.Pulse ? await postgres.CreateDatabaseAsync() : null;
                await MeasureAsync(Name(kind), feed => [Settings(feed, kind, database, seconds)]);
            }

            if (parsed.GetValue(nodes) >= 2)
            {
                var database = await postgres.CreateDatabaseAsync();
                await MeasureAsync("Pulse, 2 nodes", feed => Cluster(feed, 2, database, seconds));
            }

            new Report("pipeline", conditions, subjects).Publish(parsed.GetValue(json)!);
            return 0;

            // Each reads a topic of its own from its start: Pulse counts what a topic held before as well.
            async Task MeasureAsync(string name, Func<EventFeed, SubjectSettings[]> settings)
            {
                using var feed = await EventFeed.CreateAsync(broker, parsed.GetValue(partitions), parsed.GetValue(events));
                conditions = Conditions(broker, feed, parsed.GetValue(rounds), seconds);
                subjects.Add(await new PipelineBenchmark(feed, parsed.GetValue(warmUps), parsed.GetValue(rounds))
                    .MeasureAsync(name, settings(feed)));
            }
        });
        return command;
    }

    private static string Name(SubjectKind kind) => kind switch
    {
        SubjectKind.Bare => "bare loop",
        SubjectKind.Hand => "loop, decoder, counters",
        _ => "Pulse",
    };

    private static SubjectSettings Settings(EventFeed feed, SubjectKind kind, string? database, double seconds) => new()
    {
        Kind = kind,
        BootstrapServers = feed.BootstrapServers,
        Topic = feed.Topic,
        Partitions = feed.Partitions,
        Postgres = database,
        CheckpointSeconds = seconds,
    };

    /// <summary>The settings of so many nodes on loopback; the first one founds the cluster.</summary>
    public static SubjectSettings[] Cluster(EventFeed feed, int nodes, string database, double checkpointSeconds)
    {
        int[] ports = [.. Enumerable.Range(0, nodes).Select(_ => FreePort())];
        var node = Settings(feed, SubjectKind.Pulse, database, checkpointSeconds);
        return [.. ports.Select(port => node with { Port = port, SeedPort = ports[0] })];
    }

    private static (string, string)[] Conditions(BenchmarkBroker broker, EventFeed feed, int rounds, double seconds) =>
    [
        ("broker", broker.Name),
        ("events", string.Create(CultureInfo.InvariantCulture,
            $"{feed.Count:#,0} of {feed.MeanBytes:0} bytes a round in {feed.Partitions} partitions, {rounds} rounds")),
        ("checkpoints", string.Create(CultureInfo.InvariantCulture, $"every {seconds:0} s to PostgreSQL, totals verified")),
    ];

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
