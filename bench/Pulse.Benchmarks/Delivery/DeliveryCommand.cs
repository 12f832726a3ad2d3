using System.CommandLine;
using System.Globalization;
using Pulse.Benchmarks.Nodes;
using Pulse.Benchmarks.Reporting;
using Pulse.Events;

namespace Pulse.Benchmarks.Delivery;

/// <summary><c>delivery</c>: from ingestors to buckets, on the same node and on another.</summary>
internal static class DeliveryCommand
{
    private const int WarmUpRuns = 2;

    public static Command Create()
    {
        var partitions = CommandOptions.Count("--partitions", 32, "Ingestors");
        var buckets = CommandOptions.Count("--buckets", DeliveryBenchmark.MaximumBuckets, "Buckets, of those of the built-in rollups");
        var rounds = CommandOptions.Count("--rounds", 10, "Rounds of a run; each brings one delta of every partition to every bucket");
        var runs = CommandOptions.Count("--runs", 9, "Measured runs");
        var json = CommandOptions.Json("delivery");
        var command = new Command("delivery", "Deliver deltas: a message each, through the outbox, over remoting")
        {
            partitions, buckets, rounds, runs, json,
        };
        command.SetAction(async (parsed, _) =>
        {
            var (p, b, r) = (parsed.GetValue(partitions), parsed.GetValue(buckets), parsed.GetValue(rounds));
            if (b > DeliveryBenchmark.MaximumBuckets)
                throw new InvalidOperationException($"--buckets is {b}; the built-in rollups have {DeliveryBenchmark.MaximumBuckets}.");
            using var database = new TemporaryDatabase();
            await using var owner = await BucketNode.StartAsync(database.Storage, RollupCatalog.Default);
            List<DeliveryBenchmark> subjects =
            [
                new("a message each", owner, throughOutbox: false, 0, p, b),
                new("outbox", owner, throughOutbox: true, p, p, b),
            ];
            foreach (var subject in subjects)
                await subject.OpenAsync();
            await using var sender = await owner.StartNextAsync();
            DeliveryBenchmark[] remote =
            [
                new("a message each, remote", sender, throughOutbox: false, 2 * p, p, b),
                new("outbox, remote", sender, throughOutbox: true, 3 * p, p, b),
            ];
            foreach (var subject in remote)
                await subject.OpenAsync();
            subjects.AddRange(remote);

            // In turns, so that what else the machine does meets all of them.
            for (var run = -WarmUpRuns; run < parsed.GetValue(runs); run++)
            {
                foreach (var subject in subjects)
                    await subject.RunAsync(r, measured: run >= 0);
            }

            if (owner.Running != b || sender.Running != 0)
                throw new InvalidOperationException($"{owner.Running} buckets are here and {sender.Running} on the sender's node.");
            new Report("delivery", Conditions(p, b, r), [.. subjects.Select(subject => subject.ToSubject(r))])
                .Publish(parsed.GetValue(json)!);
            return 0;
        });
        return command;
    }

    private static (string, string)[] Conditions(int partitions, int buckets, int rounds) =>
    [
        ("deltas", string.Create(CultureInfo.InvariantCulture,
            $"{partitions} partitions × {buckets} buckets × {rounds} rounds a run, one key and window each, all answered")),
        ("remote", "the buckets on a second node over loopback; both nodes' costs are counted"),
    ];
}
