using Pulse.Actors.Ingest;
using System.Collections.Immutable;
using Akka.Actor;
using CsCheck;
using Pulse.Actors.Coordination;
using Pulse.Warehouse;

namespace Pulse.Actors.Tests.Export;

/// <summary>
/// Kills a coordinator after every single stored event, with and without a snapshot, and lets its successor go on:
/// the end must always be the end of a run without a crash.
/// </summary>
public sealed class ExportLedgerCrashTests : IDisposable
{
    private static readonly DateTime Noon = new(2026, 1, 2, 12, 0, 0, DateTimeKind.Utc);

    private static readonly Gen<ImmutableArray<CompletionId>> Deliveries =
        Gen.Select(Gen.Int[0, 1], Gen.Int[0, 2], Gen.Int[0, 3])
            .Select((stream, partition, offset) => new CompletionId($"stream {stream}", partition, offset))
            .Array[1, 6].Select(ids => ids.ToImmutableArray());

    private static readonly Gen<ImmutableArray<RollupDate>> Stored =
        Gen.Select(Gen.Int[0, 2].Select(index => "abc"[index].ToString()), Gen.Int[0, 3])
            .Select((rollup, day) => new RollupDate(rollup, new DateOnly(2026, 1, 1).AddDays(day)))
            .Array[0, 6].Select(dates => dates.Distinct().ToImmutableArray());

    private readonly ActorSystem _system = ActorSystem.Create("pulse", ExportMessageSerializer.Configuration);

    public void Dispose() => _system.Dispose();

    [Fact]
    public void Recovering_from_every_prefix_of_the_journal_leads_to_the_same_end() =>
        Gen.Select(Deliveries, Stored, Gen.Int[0, 1000]).Sample((deliveries, stored, seed) =>
        {
            var whole = new Run(deliveries, stored, seed);
            whole.Finish();

            for (var crash = 0; crash <= whole.Journal.Count; crash++)
            {
                var prefix = whole.Journal.Take(crash).ToList();
                var snapshotAt = crash / 2;
                var replayed = prefix.Aggregate(ExportLedger.Empty, (ledger, happened) => ledger.Apply(ThroughStorage(happened)));
                var snapshot = ThroughStorage(prefix.Take(snapshotAt)
                    .Aggregate(ExportLedger.Empty, (ledger, happened) => ledger.Apply(happened)));
                var resumed = prefix.Skip(snapshotAt).Aggregate(snapshot, (ledger, happened) => ledger.Apply(happened));
                Assert.Equal(Bytes(replayed), Bytes(resumed));

                // Every delivery comes again: none of the commits made it to Kafka.
                var successor = new Run(deliveries, stored, seed + crash, replayed);
                successor.Finish();

                Assert.Equal(Bytes(whole.Ledger), Bytes(successor.Ledger));
                var replacedOnce = prefix.OfType<DateExported>().Concat(successor.Journal.OfType<DateExported>())
                    .GroupBy(exported => (exported.Completion, exported.Date)).ToList();
                Assert.All(replacedOnce, replaced => Assert.Single(replaced));
                Assert.Equal(whole.Journal.Count, crash + successor.Journal.Count);
            }

            return true;
        }, iter: 300);

    [Fact]
    public void Applying_every_event_twice_is_applying_it_once() =>
        Gen.Select(Deliveries, Stored, Gen.Int[0, 1000]).Sample((deliveries, stored, seed) =>
        {
            var run = new Run(deliveries, stored, seed);
            run.Finish();
            var ledger = ExportLedger.Empty;
            foreach (var happened in run.Journal)
            {
                ledger = ledger.Apply(happened);
                Assert.Same(ledger, ledger.Apply(happened));
            }

            Assert.Equal(Bytes(run.Ledger), Bytes(ledger));
        }, iter: 300);

    private T ThroughStorage<T>(T value)
        where T : class
    {
        var serializer = new ExportMessageSerializer((ExtendedActorSystem)_system);
        return (T)serializer.FromBinary(serializer.ToBinary(value), serializer.Manifest(value));
    }

    private byte[] Bytes(ExportLedger ledger) =>
        new ExportMessageSerializer((ExtendedActorSystem)_system).ToBinary(ledger);

    /// <summary>What the coordinator does, without an actor: look what is next, do it, store that it happened.</summary>
    private sealed class Run(
        ImmutableArray<CompletionId> deliveries, ImmutableArray<RollupDate> stored, int seed, ExportLedger? from = null)
    {
        private readonly Random _random = new(seed);
        private int _delivered;

        internal ExportLedger Ledger { get; private set; } = from ?? ExportLedger.Empty;

        internal List<ExportEvent> Journal { get; } = [];

        internal void Finish()
        {
            // All deliveries first, as their order against the rounds decides nothing but the order of the rounds.
            while (_delivered < deliveries.Length)
            {
                var completion = deliveries[_delivered++];
                if (!Ledger.HasSeen(completion))
                    Store(new CompletionAccepted(completion, Noon, Noon, [new PartitionRange(0, 0, 10)]));
            }

            while (Ledger.Current is { } round)
                Store(Next(round));
        }

        private ExportEvent Next(ExportRound round) => round.Phase switch
        {
            ExportPhase.Draining => new StreamDrained(round.Completion),
            ExportPhase.Planning => new ExportPlanned(round.Completion, stored),
            ExportPhase.Exporting => Export(round),
            _ => new ExportCompleted(round.Completion, Noon.AddMinutes(1)),
        };

        private DateExported Export(ExportRound round)
        {
            var remaining = round.Remaining.ToList();
            var date = remaining[_random.Next(remaining.Count)];
            return new DateExported(round.Completion, date, new ExportedDate(date.Date.Day, 10, 100));
        }

        private void Store(ExportEvent happened)
        {
            Journal.Add(happened);
            Ledger = Ledger.Apply(happened);
        }
    }
}
