using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Npgsql;
using Pulse.Benchmarks.Pipeline;
using Pulse.Benchmarks.Reporting;
using Pulse.Benchmarks.Subjects;
using Pulse.Testing;

namespace Pulse.Benchmarks.Cardinality;

/// <summary><c>cardinality</c>: a rollup with very many keys in hashed buckets, against one with few.</summary>
internal static class CardinalityCommand
{
    private const int FewKeys = 134;
    private const int CheckpointsByCommandOnly = 3600;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    public static Command Create()
    {
        var keys = CommandOptions.Count("--keys", 1_000_000, "Distinct keys, all in one window");
        var buckets = CommandOptions.Count("--buckets", 64, "Hashed buckets");
        var partitions = CommandOptions.Count("--partitions", 32, "Partitions of the topic");
        var rounds = CommandOptions.Count("--rounds", 5, "Measured rounds");
        var warmUps = CommandOptions.Count("--warm-ups", 12, "Rounds before those");
        var events = CommandOptions.Count("--events", 300_000, "Events of a round, within what the broker keeps");
        var json = CommandOptions.Json("cardinality");
        var command = new Command("cardinality", "Count a rollup with very many keys, against few keys")
        {
            keys, buckets, partitions, events, rounds, warmUps, json,
        };
        command.SetAction(async (parsed, stop) =>
        {
            await using var postgres = new PostgresFixture();
            await using var broker = await BenchmarkBroker.OfAsync(parsed);
            List<Subject> subjects = [];
            foreach (var count in (int[])[FewKeys, parsed.GetValue(keys)])
            {
                using var feed = await EventFeed.CreateAsync(
                    broker, parsed.GetValue(partitions), parsed.GetValue(events), count);
                var settings = new SubjectSettings
                {
                    Kind = SubjectKind.Pulse,
                    BootstrapServers = feed.BootstrapServers,
                    Topic = feed.Topic,
                    Partitions = feed.Partitions,
                    Postgres = await postgres.CreateDatabaseAsync(),
                    TitleBuckets = parsed.GetValue(buckets),
                    CheckpointSeconds = CheckpointsByCommandOnly,
                };
                var subject = await new PipelineBenchmark(feed, parsed.GetValue(warmUps), parsed.GetValue(rounds))
                    .MeasureAsync(
                        string.Create(CultureInfo.InvariantCulture, $"{count:#,0} keys"),
                        [settings],
                        node => StateAsync(node, settings, stop));
                subjects.Add(subject with { Figures = [.. subject.Figures, await RestartAsync(feed, settings, stop)] });
            }

            new Report("cardinality", Conditions(broker, parsed.GetValue(buckets), parsed.GetValue(events)), WithBytesPerKey(subjects))
                .Publish(parsed.GetValue(json)!);
            return 0;
        });
        return command;
    }

    private static async Task<IEnumerable<Figure>> StateAsync(
        SubjectProcess node, SubjectSettings settings, CancellationToken stop)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(Deadline);
        var changed = await node.CollectAsync(deadline.Token);
        var checkpoint = await node.CheckpointAsync(deadline.Token);
        var stored = await node.CollectAsync(deadline.Token);
        return
        [
            new("heap before the checkpoint, MiB", changed / 1048576.0),
            new("heap, MiB", stored / 1048576.0),
            new("checkpoint, s", checkpoint.TotalSeconds),
            new("tables, MiB", await TableBytesAsync(settings, stop) / 1048576.0),
        ];
    }

    private static async Task<long> TableBytesAsync(SubjectSettings settings, CancellationToken stop)
    {
        await using var connection = new NpgsqlConnection(settings.Postgres);
        await connection.OpenAsync(stop);
        await using var command = connection.CreateCommand();
        command.CommandText = "select sum(pg_total_relation_size(relid))::bigint from pg_stat_user_tables";
        return (long)(await command.ExecuteScalarAsync(stop))!;
    }

    /// <summary>From the start of a process until it has recovered every bucket, and one more round is durable.</summary>
    private static async Task<Figure> RestartAsync(EventFeed feed, SubjectSettings settings, CancellationToken stop)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(Deadline);
        feed.Fill();
        var watch = Stopwatch.StartNew();
        await using var node = await SubjectProcess.StartAsync(settings);
        await node.UntilAsync(report => report.Consumed >= feed.Count, deadline.Token);
        await node.CheckpointAsync(deadline.Token);
        var elapsed = watch.Elapsed;
        await node.EndAsync();
        return new Figure("restart until another round is durable, s", elapsed.TotalSeconds);
    }

    // What each further key costs, everything else being equal.
    private static Subject[] WithBytesPerKey(List<Subject> subjects)
    {
        var (few, many) = (subjects[0], subjects[1]);
        var keys = double.Parse(many.Name.Split(' ')[0], NumberStyles.AllowThousands, CultureInfo.InvariantCulture) - FewKeys;
        var figures = ((string[])["heap before the checkpoint, MiB", "heap, MiB"]).Select(name => new Figure(
            name.Replace(", MiB", ", bytes per further key", StringComparison.Ordinal),
            (many.Find(name)!.Median - few.Find(name)!.Median) * 1048576 / keys));
        return [few, many with { Figures = [.. many.Figures, .. figures] }];
    }

    private static (string, string)[] Conditions(BenchmarkBroker broker, int buckets, int events) =>
    [
        ("broker", broker.Name),
        ("rollups", $"the built-in three, and viewsByTitle in {buckets} buckets, whose keys are counted"),
        ("events", string.Create(CultureInfo.InvariantCulture, $"{events:#,0} a round, all in one window, each title as often as any other")),
        ("checkpoint", "one at the end, of everything, to PostgreSQL; totals verified"),
    ];
}
