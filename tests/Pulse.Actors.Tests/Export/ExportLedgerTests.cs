using Pulse.Actors.Ingest;
using Pulse.Actors.Coordination;
using Pulse.Warehouse;

namespace Pulse.Actors.Tests.Export;

public sealed class ExportLedgerTests
{
    private static readonly DateTime Noon = new(2026, 1, 2, 12, 0, 0, DateTimeKind.Utc);
    private static readonly CompletionId First = new("stream", 0, 0);
    private static readonly CompletionId Second = new("stream", 0, 1);
    private static readonly RollupDate Devices = new("viewsByDeviceGenre", new DateOnly(2026, 1, 1));
    private static readonly RollupDate Places = new("viewsByLocationMR", new DateOnly(2026, 1, 1));

    [Fact]
    public void An_empty_ledger_has_nothing_to_do() => Assert.Equal(ExportPhase.Idle, ExportLedger.Empty.Phase);

    [Fact]
    public void A_round_drains_plans_exports_finishes_and_leaves_its_outcome()
    {
        var ledger = ExportLedger.Empty.Apply(Accepted(First));
        Assert.Equal(ExportPhase.Draining, ledger.Phase);
        ledger = ledger.Apply(new StreamDrained(First));
        Assert.Equal(ExportPhase.Planning, ledger.Phase);
        ledger = ledger.Apply(new ExportPlanned(First, [Devices, Places]));
        Assert.Equal(ExportPhase.Exporting, ledger.Phase);
        ledger = ledger.Apply(new DateExported(First, Places, new ExportedDate(3, 30, 300)));
        Assert.Equal([Devices], ledger.Current!.Remaining);
        ledger = ledger.Apply(new DateExported(First, Devices, new ExportedDate(2, 20, 200)));
        Assert.Equal(ExportPhase.Finishing, ledger.Phase);
        ledger = ledger.Apply(new ExportCompleted(First, Noon.AddMinutes(1)));

        Assert.Equal(ExportPhase.Idle, ledger.Phase);
        Assert.True(ledger.LastOutcome!.Succeeded);
        Assert.Equal(TimeSpan.FromMinutes(1), ledger.LastOutcome.Duration);
        Assert.Equal(
            [
                new RollupExport("viewsByDeviceGenre", 1, 2, 20, 200),
                new RollupExport("viewsByLocationMR", 1, 3, 30, 300),
            ],
            ledger.LastOutcome.Rollups);
    }

    [Fact]
    public void What_a_version_before_named_by_the_events_serves_until_a_completion_has_its_own_stream()
    {
        var ledger = Run(Accepted(new CompletionId("events", 0, 3)), Accepted(new CompletionId("others", 0, 4)));

        ledger = ledger.Apply(Accepted(new CompletionId("completions", 0, 5)) with { Stream = "events" });

        Assert.Equal([new CompletionId("others", 0, 4), new CompletionId("completions", 0, 5)], ledger.Seen);
    }

    [Fact]
    public void With_no_dates_there_is_nothing_left_but_to_finish() =>
        Assert.Equal(ExportPhase.Finishing, Run(
            Accepted(First), new StreamDrained(First), new ExportPlanned(First, [])).Phase);

    [Fact]
    public void A_second_completion_waits_for_the_first_and_then_has_a_round_of_its_own()
    {
        var ledger = Run(Accepted(First), Accepted(Second), new StreamDrained(First), new ExportPlanned(First, []));
        Assert.Equal(First, ledger.Current!.Completion);

        ledger = ledger.Apply(new ExportCompleted(First, Noon));

        Assert.Equal(Second, ledger.Current!.Completion);
        Assert.Equal(ExportPhase.Draining, ledger.Phase);
    }

    [Fact]
    public void The_same_completion_delivered_again_starts_nothing()
    {
        var ledger = Run(Accepted(First), Accepted(Second));

        Assert.True(ledger.HasSeen(First));
        Assert.Same(ledger, ledger.Apply(Accepted(First)));
        Assert.Same(ledger, ledger.Apply(Accepted(Second)));
    }

    [Fact]
    public void The_same_place_in_another_stream_or_partition_is_another_completion()
    {
        var ledger = Run(Accepted(Second));

        Assert.False(ledger.HasSeen(Second with { Stream = "another" }));
        Assert.False(ledger.HasSeen(Second with { Partition = 1 }));
        Assert.False(ledger.HasSeen(Second with { Offset = 2 }));
    }

    [Fact]
    public void It_remembers_a_bounded_number_of_streams_and_the_newest_of_them()
    {
        var ledger = Run([.. Enumerable.Range(0, ExportLedger.MaximumSeen + 10)
            .Select(stream => Accepted(new CompletionId($"stream {stream}", 0, 0)))]);

        Assert.Equal(ExportLedger.MaximumSeen, ledger.Seen.Length);
        Assert.True(ledger.HasSeen(new CompletionId($"stream {ExportLedger.MaximumSeen + 9}", 0, 0)));
    }

    [Fact]
    public void A_round_that_is_given_up_keeps_what_was_exported_and_lets_the_next_begin()
    {
        var ledger = Run(
            Accepted(First), Accepted(Second), new StreamDrained(First), new ExportPlanned(First, [Devices, Places]),
            new DateExported(First, Devices, new ExportedDate(1, 1, 1)), new ExportGivenUp(First, Noon, "no room"));

        Assert.Equal("no room", ledger.LastOutcome!.Failure);
        Assert.Equal([new RollupExport("viewsByDeviceGenre", 1, 1, 1, 1)], ledger.LastOutcome.Rollups);
        Assert.Equal(Second, ledger.Current!.Completion);
    }

    [Fact]
    public void Events_that_do_not_fit_change_nothing()
    {
        var ledger = Run(Accepted(First), new StreamDrained(First), new ExportPlanned(First, [Devices]));

        Assert.Same(ledger, ledger.Apply(new StreamDrained(First)));
        Assert.Same(ledger, ledger.Apply(new StorageWentBack(Second)));
        Assert.Same(ledger, ledger.Apply(new ExportPlanned(First, [Places])));
        Assert.Same(ledger, ledger.Apply(new DateExported(First, Places, default)));
        Assert.Same(ledger, ledger.Apply(new DateExported(Second, Devices, default)));
        Assert.Same(ledger, ledger.Apply(new ExportCompleted(First, Noon)));
        Assert.Same(ledger, ledger.Apply(new ExportGivenUp(Second, Noon, "other")));
    }

    [Fact]
    public void A_round_whose_storage_went_back_drains_anew_and_keeps_its_plan_and_what_was_exported()
    {
        var ledger = Run(
            Accepted(First), new StreamDrained(First), new ExportPlanned(First, [Devices, Places]),
            new DateExported(First, Devices, new ExportedDate(1, 1, 1)), new StorageWentBack(First));
        Assert.Equal(ExportPhase.Draining, ledger.Phase);
        Assert.Same(ledger, ledger.Apply(new StorageWentBack(First)));

        ledger = ledger.Apply(new StreamDrained(First));

        Assert.Equal(ExportPhase.Exporting, ledger.Phase);
        Assert.Equal([Places], ledger.Current!.Remaining);
    }

    [Fact]
    public void What_was_read_before_storage_went_back_still_counts_as_exported()
    {
        var ledger = Run(
            Accepted(First), new StreamDrained(First), new ExportPlanned(First, [Devices, Places]), new StorageWentBack(First));

        ledger = ledger.Apply(new DateExported(First, Devices, new ExportedDate(1, 1, 1)));

        Assert.Equal(ExportPhase.Draining, ledger.Phase);
        Assert.Equal([Places], ledger.Current!.Remaining);
    }

    private static CompletionAccepted Accepted(CompletionId completion) => new(
        completion, Noon.AddSeconds(-1), Noon,
        [new PartitionRange(0, 0, 10), new PartitionRange(1, 0, 5), new PartitionRange(2, 0, 0)]);

    private static ExportLedger Run(params ExportEvent[] events) =>
        events.Aggregate(ExportLedger.Empty, (ledger, happened) => ledger.Apply(happened));
}
