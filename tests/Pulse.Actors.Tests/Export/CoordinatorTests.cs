using Pulse.Actors.Ingest;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Pulse.Actors.Coordination;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Warehouse;

namespace Pulse.Actors.Tests.Export;

/// <summary>The coordinator in virtual time, with a broker and a storage that are a few fields here.</summary>
public sealed class CoordinatorTests : TestKit
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly DateTime Completed = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);
    private static readonly DateOnly NewYear = new(2026, 1, 1);

    private readonly RecordingWarehouse _warehouse = new();
    private readonly TestProbe _mediator;
    private readonly TestProbe _listener;
    private volatile ImmutableDictionary<int, long> _stored = NothingStored;
    private volatile string _streamNow = "stream";
    private volatile Exception? _progressFailure;
    private volatile Exception? _kafkaFailure;
    private volatile Exception? _storageFailure;
    private volatile TaskCompletionSource? _planning;
    private long _countOfOne = 3;

    public CoordinatorTests()
        : base(ExportMessageSerializer.Configuration.WithFallback("""
            akka.loglevel = WARNING
            akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
            akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
            # Virtual time passes faster than the journal answers.
            akka.persistence.journal.inmem { recovery-event-timeout = 10d, circuit-breaker.call-timeout = 120s }
            akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
            """))
    {
        _mediator = CreateTestProbe("mediator");
        _listener = CreateTestProbe("listener");
    }

    private TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    private int Rollups => RollupCatalog.Default.Rollups.Length;

    [Fact]
    public async Task Nothing_is_exported_before_every_partition_is_stored_to_its_end()
    {
        var coordinator = Start();

        coordinator.Tell(Completion(0), _listener);
        await _listener.ExpectMsgAsync(new CompletionConfirmed(Id(0)), Limit);
        await NextAsync<CheckpointRequested>();
        _stored = _stored.Add(0, 10);
        for (var asked = 0; asked < 3; asked++)
            await AdvanceToNextAsync<CheckpointRequested>();
        var state = await coordinator.Ask<ExportState>(GetExportState.Instance, Limit);

        Assert.Empty(_warehouse.Replacements);
        Assert.Equal(ExportPhase.Draining, state.Progress!.Phase);
        Assert.Equal(5, state.Progress.EventsToDrain);

        _stored = _stored.Add(1, 5);
        var finished = await AdvanceToNextAsync<ExportFinished>();

        Assert.Equal(Id(0), finished.Completion);
        Assert.Equal(Rollups, finished.Outcome.Rollups.Length);
        Assert.All(finished.Outcome.Rollups, rollup =>
            Assert.Equal((2, 4L, 20L), (rollup.Dates, rollup.Rows, rollup.ViewCount)));
        Assert.True(finished.Outcome.Duration > TimeSpan.FromSeconds(2));
        Assert.Equal(2 * Rollups, _warehouse.Tables.Count);
    }

    [Fact]
    public async Task Its_own_nodes_event_stream_tells_the_whole_story()
    {
        _stored = Everything;
        var node = CreateTestProbe();
        Sys.EventStream.Subscribe(node, typeof(ExportNotice));

        Start().Tell(Completion(0), _listener);

        Assert.False((await node.ExpectMsgAsync<ExportStarted>(Limit)).Resumed);
        var told = new List<ExportNotice>();
        while (told.LastOrDefault() is not ExportFinished)
            told.Add(await node.ExpectMsgAsync<ExportNotice>(Limit));
        Assert.Equal(
            Enumerable.Range(0, (2 * Rollups) + 1),
            told.OfType<ExportProgress>().Where(progress => progress.DatesPlanned > 0)
                .Select(progress => progress.DatesExported));
    }

    [Fact]
    public async Task No_more_dates_than_the_limit_run_at_a_time_and_never_one_twice()
    {
        _stored = Everything;
        _warehouse.Before = async (_, token) => await Task.Delay(TimeSpan.FromMilliseconds(5), token);
        var coordinator = Start();

        coordinator.Tell(Completion(0), _listener);
        coordinator.Tell(Completion(1), _listener);
        await AdvanceToNextAsync<ExportFinished>();
        await AdvanceToNextAsync<ExportFinished>();

        Assert.Equal(2, _warehouse.MostAtATime);
        Assert.False(_warehouse.WasEverReplacedTwiceAtATime);
    }

    [Fact]
    public async Task A_completion_delivered_again_is_confirmed_and_exports_nothing()
    {
        _stored = Everything;
        var coordinator = Start();
        coordinator.Tell(Completion(0), _listener);
        await AdvanceToNextAsync<ExportFinished>();
        var replacements = _warehouse.Replacements.Count;
        await StopAsync(coordinator);

        coordinator = Start();
        coordinator.Tell(Completion(0), _listener);

        await _listener.ExpectMsgAsync(new CompletionConfirmed(Id(0)), Limit);
        await _listener.ExpectMsgAsync(new CompletionConfirmed(Id(0)), Limit);
        var state = await coordinator.Ask<ExportState>(GetExportState.Instance, Limit);
        Assert.Null(state.Progress);
        Assert.True(state.LastOutcome!.Succeeded);
        Assert.Equal(replacements, _warehouse.Replacements.Count);
    }

    [Fact]
    public async Task The_same_place_in_a_completion_topic_that_was_made_again_is_another_completion()
    {
        _stored = Everything;
        var coordinator = Start();
        coordinator.Tell(Completion(0), _listener);
        await AdvanceToNextAsync<ExportFinished>();

        coordinator.Tell(Completion(0, "completions made again"), _listener);

        Assert.Equal(Id(0, "completions made again"), (await AdvanceToNextAsync<ExportFinished>()).Completion);
    }

    [Fact]
    public async Task A_second_completion_has_its_round_after_the_first_and_leaves_the_same_rows()
    {
        var coordinator = Start();
        coordinator.Tell(Completion(0), _listener);
        coordinator.Tell(Completion(1), _listener);
        await _listener.ExpectMsgAsync(new CompletionConfirmed(Id(0)), Limit);
        await _listener.ExpectMsgAsync(new CompletionConfirmed(Id(1)), Limit);
        Assert.Equal(1, (await coordinator.Ask<ExportState>(GetExportState.Instance, Limit)).WaitingCompletions);

        _stored = Everything;
        Assert.Equal(0, (await AdvanceToNextAsync<ExportFinished>()).Completion.Offset);
        var first = _warehouse.Tables.ToDictionary();
        Assert.Equal(1, (await AdvanceToNextAsync<ExportFinished>()).Completion.Offset);

        Assert.Equal(4 * Rollups, _warehouse.Replacements.Count);
        Assert.Equal(2 * Rollups, _warehouse.Loads.Count);
        Assert.Equal(first.Keys.ToHashSet(), _warehouse.Tables.Keys.ToHashSet());
        Assert.All(first, table => Assert.Equal(table.Value, _warehouse.Tables[table.Key]));
    }

    [Fact]
    public async Task Only_dates_whose_rows_changed_since_their_last_export_are_loaded_again()
    {
        _stored = Everything;
        var coordinator = Start();
        coordinator.Tell(Completion(0), _listener);
        await AdvanceToNextAsync<ExportFinished>();
        _warehouse.Loads.Clear();
        _countOfOne = 4;
        await StopAsync(coordinator);

        coordinator = Start();
        coordinator.Tell(Completion(1), _listener);
        var finished = await AdvanceToNextAsync<ExportFinished>();

        Assert.Equal(Rollups, _warehouse.Loads.Count);
        Assert.All(_warehouse.Loads, loaded => Assert.Equal(NewYear, loaded.Date));
        Assert.All(finished.Outcome.Rollups, rollup =>
            Assert.Equal((2, 1, 4L, 21L), (rollup.Dates, rollup.Unchanged, rollup.Rows, rollup.ViewCount)));
        var state = await coordinator.Ask<ExportState>(GetExportState.Instance, Limit);
        Assert.Equal(Rollups, state.Dates.Count(date => date.Status.Step == DateStep.Unchanged));
        Assert.Equal(Rollups, state.Dates.Count(date => date.Status is { Step: DateStep.Done, JobId: "job" }));
    }

    [Fact]
    public async Task A_load_of_other_rows_that_was_begun_before_the_crash_is_waited_for_before_the_next()
    {
        _stored = Everything;
        // So that no other load has begun when this one is held.
        var oneAtATime = new ExportOptions { ParallelDates = 1 };
        var isLoading = new TaskCompletionSource();
        _warehouse.BeforeLoad = (date, token) =>
        {
            if (date != new RollupDate("viewsByDeviceGenre", NewYear))
                return Task.CompletedTask;
            isLoading.TrySetResult();
            return Task.Delay(Timeout.Infinite, token);
        };
        var coordinator = Start(oneAtATime);
        coordinator.Tell(Completion(0), _listener);
        await AdvanceToAsync(() => Task.FromResult(isLoading.Task.IsCompleted));
        await StopAsync(coordinator);
        Assert.Empty(_warehouse.Settled);
        _countOfOne = 4;
        _warehouse.BeforeLoad = (_, _) => Task.CompletedTask;

        Start(oneAtATime);
        await AdvanceToNextAsync<ExportFinished>();

        Assert.Single(_warehouse.Settled);
        Assert.Equal(2 * Rollups, _warehouse.Tables.Count);
    }

    [Fact]
    public async Task A_failure_for_good_is_given_up_at_once_and_takes_no_attempts_from_other_dates()
    {
        _stored = Everything;
        var hiccups = 3;
        _warehouse.Before = (date, _) => date.Rollup == "viewsByDeviceGenre"
            ? throw new WarehouseException("The table has other columns.", isPermanent: true)
            : Interlocked.Decrement(ref hiccups) >= 0 ? throw new WarehouseException("Busy.") : Task.CompletedTask;
        var coordinator = Start();

        await EventFilter.Error(contains: "The table has other columns.").ExpectOneAsync(Limit, async () =>
        {
            coordinator.Tell(Completion(0), _listener);
            await AdvanceToNextAsync<ExportFailed>();
        });

        Assert.Equal(2, _warehouse.Replacements.Count(date => date.Rollup == "viewsByDeviceGenre"));
        Assert.Equal(2 * (Rollups - 1), _warehouse.Tables.Count);
        var state = await coordinator.Ask<ExportState>(GetExportState.Instance, Limit);
        Assert.Equal(2, state.Dates.Count(date => date.Status is { Step: DateStep.GivenUp, Trouble: not null }));
    }

    [Fact]
    public async Task Killed_while_it_drains_it_goes_on_draining_and_asks_for_checkpoints_again()
    {
        var coordinator = Start();
        coordinator.Tell(Completion(0), _listener);
        await NextAsync<CheckpointRequested>();
        await StopAsync(coordinator);

        Start();

        Assert.True((await NextAsync<ExportStarted>()).Resumed);
        await NextAsync<CheckpointRequested>();
        Assert.Empty(_warehouse.Replacements);
        _stored = Everything;
        await AdvanceToNextAsync<ExportFinished>();
    }

    [Fact]
    public async Task Killed_while_it_plans_it_plans_again_without_draining()
    {
        _stored = Everything;
        _planning = new TaskCompletionSource();
        var coordinator = Start();
        coordinator.Tell(Completion(0), _listener);
        await AdvanceToAsync(async () =>
            (await coordinator.Ask<ExportState>(GetExportState.Instance, Limit)).Progress?.Phase == ExportPhase.Planning);
        await StopAsync(coordinator);
        _stored = NothingStored;
        _planning = null;

        Start();

        await AdvanceToNextAsync<ExportFinished>();
        Assert.Equal(2 * Rollups, _warehouse.Replacements.Count);
    }

    [Fact]
    public async Task Killed_while_it_exports_it_exports_only_the_dates_that_are_left()
    {
        _stored = Everything;
        var passes = 3;
        _warehouse.Before = (_, token) =>
            Interlocked.Decrement(ref passes) >= 0 ? Task.CompletedTask : Task.Delay(Timeout.Infinite, token);
        var coordinator = Start();
        coordinator.Tell(Completion(0), _listener);
        await AdvanceToAsync(async () =>
            (await coordinator.Ask<ExportState>(GetExportState.Instance, Limit)).Progress?.DatesExported == 3);
        var done = _warehouse.Tables.Keys.ToHashSet();
        await StopAsync(coordinator);
        await AwaitConditionAsync(() => Task.FromResult(_warehouse.Replacements.Count == 5), Limit);
        _warehouse.Replacements.Clear();
        _warehouse.Before = (_, _) => Task.CompletedTask;

        Start();

        var finished = await AdvanceToNextAsync<ExportFinished>();
        Assert.Equal((2 * Rollups) - 3, _warehouse.Replacements.Count);
        Assert.Empty(_warehouse.Replacements.Intersect(done));
        Assert.Equal(20L * Rollups, finished.Outcome.Rollups.Sum(rollup => rollup.ViewCount));
    }

    [Fact]
    public async Task A_failing_warehouse_is_tried_again_after_a_pause()
    {
        _stored = Everything;
        var failures = 3;
        _warehouse.Before = (_, _) => Interlocked.Decrement(ref failures) >= 0
            ? throw new WarehouseException("The disk is full.")
            : Task.CompletedTask;
        var coordinator = Start();

        await EventFilter.Warning(contains: "The disk is full.").ExpectOneAsync(Limit, async () =>
        {
            coordinator.Tell(Completion(0), _listener);
            var finished = await AdvanceToNextAsync<ExportFinished>();
            Assert.True(finished.Outcome.Duration >= TimeSpan.FromSeconds(1));
            Assert.Equal((2 * Rollups) + 3, _warehouse.Replacements.Count);
        });
    }

    [Fact]
    public async Task A_warehouse_that_keeps_failing_is_given_up_in_one_line_and_the_next_completion_tries_again()
    {
        _stored = Everything;
        _warehouse.Before = (date, _) => date.Rollup == "viewsByDeviceGenre" && date.Date == NewYear
            ? throw new WarehouseException("The disk is full.")
            : Task.CompletedTask;
        var coordinator = Start();

        await EventFilter.Error(contains: "The disk is full.").ExpectOneAsync(Limit, async () =>
        {
            coordinator.Tell(Completion(0), _listener);
            var failed = await AdvanceToNextAsync<ExportFailed>();
            Assert.Contains("1 of 6 dates", failed.Outcome.Failure, StringComparison.Ordinal);
            Assert.Contains("viewsByDeviceGenre of 2026-01-01: The disk is full.", failed.Outcome.Failure,
                StringComparison.Ordinal);
        });
        Assert.Equal((2 * Rollups) - 1, _warehouse.Tables.Count);
        Assert.Equal(10, _warehouse.Replacements.Count(date => date == new RollupDate("viewsByDeviceGenre", NewYear)));

        _warehouse.Before = (_, _) => Task.CompletedTask;
        coordinator.Tell(Completion(1), _listener);
        await AdvanceToNextAsync<ExportFinished>();
        Assert.Equal(2 * Rollups, _warehouse.Tables.Count);
    }

    [Fact]
    public async Task Storage_that_does_not_answer_is_given_up_after_its_attempts()
    {
        _stored = Everything;
        _storageFailure = new StorageException("PostgreSQL at 127.0.0.1 does not answer.");
        var coordinator = Start();

        await EventFilter.Error(contains: "does not answer").ExpectOneAsync(Limit, async () =>
        {
            coordinator.Tell(Completion(0), _listener);
            await AdvanceToNextAsync<ExportFailed>();
        });

        Assert.Null((await coordinator.Ask<ExportState>(GetExportState.Instance, Limit)).Progress);
    }

    [Fact]
    public async Task A_silent_broker_is_waited_for_and_said_once()
    {
        _kafkaFailure = new InvalidOperationException("Local: Broker transport failure");
        var coordinator = Start();

        await EventFilter.Warning(contains: "Broker transport failure").ExpectOneAsync(Limit, async () =>
        {
            coordinator.Tell(Completion(0), _listener);
            var start = Clock.Now;
            await AdvanceToAsync(() => Task.FromResult(Clock.Now - start > TimeSpan.FromMinutes(2)));
        });
        Assert.False(_listener.HasMessages);
        _kafkaFailure = null;
        _stored = Everything;

        await AdvanceToNextAsync<ExportFinished>();
    }

    [Fact]
    public async Task A_stream_replaced_before_it_was_drained_ends_the_round_instead_of_waiting_for_ever()
    {
        var coordinator = Start();
        coordinator.Tell(Completion(0), _listener);
        await NextAsync<CheckpointRequested>();
        await StopAsync(coordinator);
        _streamNow = "next stream";

        coordinator = Start();

        var failed = await AdvanceToNextAsync<ExportFailed>();
        Assert.Contains("replaced", failed.Outcome.Failure, StringComparison.Ordinal);
        Assert.Empty(_warehouse.Replacements);
        _stored = Everything;
        coordinator.Tell(Completion(1), _listener);
        Assert.Equal(Id(1), (await AdvanceToNextAsync<ExportFinished>()).Completion);
    }

    [Fact]
    public async Task A_stream_that_was_stored_to_its_end_before_it_was_replaced_is_exported()
    {
        var coordinator = Start();
        coordinator.Tell(Completion(0), _listener);
        await NextAsync<CheckpointRequested>();
        await StopAsync(coordinator);
        _streamNow = "next stream";
        _stored = Everything;

        Start();

        Assert.Equal(Id(0), (await AdvanceToNextAsync<ExportFinished>()).Completion);
    }

    [Fact]
    public async Task Storage_that_can_not_say_how_far_it_has_come_is_asked_until_it_does_and_that_is_said_once()
    {
        _progressFailure = new StorageException("PostgreSQL at 127.0.0.1 does not answer.");
        var coordinator = Start();

        await EventFilter.Warning(contains: "How far the stream is stored can't be read. PostgreSQL").ExpectOneAsync(Limit, async () =>
        {
            coordinator.Tell(Completion(0), _listener);
            var start = Clock.Now;
            await AdvanceToAsync(() => Task.FromResult(Clock.Now - start > TimeSpan.FromMinutes(2)));
        });
        Assert.Contains("does not answer", (await coordinator.Ask<ExportState>(GetExportState.Instance, Limit)).Trouble, StringComparison.Ordinal);
        _progressFailure = null;
        _stored = Everything;

        await AdvanceToNextAsync<ExportFinished>();
    }

    [Fact]
    public async Task Completions_beyond_the_limit_stay_with_the_listener_until_there_is_room()
    {
        var coordinator = Start(new ExportOptions { WaitingCompletions = 1 });
        for (var offset = 0; offset < 3; offset++)
            coordinator.Tell(Completion(offset), _listener);
        await _listener.ExpectMsgAsync(new CompletionConfirmed(Id(0)), Limit);
        await _listener.ExpectMsgAsync(new CompletionConfirmed(Id(1)), Limit);
        await _listener.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(200));

        _stored = Everything;
        await AdvanceToNextAsync<ExportFinished>();

        await _listener.ExpectMsgAsync(new CompletionConfirmed(Id(2)), Limit);
    }

    [Fact]
    public async Task Stopping_waits_until_a_running_replacement_has_let_go()
    {
        _stored = Everything;
        var release = new TaskCompletionSource();
        _warehouse.Before = (_, _) => release.Task;
        var coordinator = Start(supervised: true);
        coordinator.Tell(Completion(0), _listener);
        await AdvanceToAsync(() => Task.FromResult(_warehouse.Replacements.Count == 2));
        var watcher = CreateTestProbe();
        await watcher.WatchAsync(coordinator);

        coordinator.Tell(StopCoordinator.Instance);
        await watcher.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(200));
        release.SetResult();

        await watcher.ExpectTerminatedAsync(coordinator, Limit);
    }

    [Fact]
    public async Task A_coordinator_that_broke_is_started_again_after_a_pause_and_goes_on()
    {
        var supervisor = Start(supervised: true);
        supervisor.Tell(Completion(0), _listener);
        await NextAsync<CheckpointRequested>();
        await KillChildAsync(supervisor);
        _stored = Everything;

        var finished = await AdvanceToNextAsync<ExportFinished>();

        Assert.Equal(0, finished.Completion.Offset);
        Assert.True(finished.Outcome.Duration >= TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task The_supervisor_stops_even_while_it_pauses_before_the_next_start()
    {
        var supervisor = Start(supervised: true);
        await supervisor.Ask<ExportState>(GetExportState.Instance, Limit);
        await KillChildAsync(supervisor);
        var watcher = CreateTestProbe();
        await watcher.WatchAsync(supervisor);

        supervisor.Tell(StopCoordinator.Instance);

        await watcher.ExpectTerminatedAsync(supervisor, Limit);
    }

    private static ImmutableDictionary<int, long> NothingStored => ImmutableDictionary<int, long>.Empty;

    private static ImmutableDictionary<int, long> Everything { get; } =
        ImmutableDictionary<int, long>.Empty.Add(0, 10).Add(1, 5);

    private static CompletionId Id(long offset, string topic = "completions") => new(topic, 0, offset);

    private static CompletionReceived Completion(long offset, string topic = "completions") => new(Id(offset, topic), Completed);

    private IActorRef Start(ExportOptions? options = null, bool supervised = false)
    {
        var with = new ExportCollaborators
        {
            StreamIdentity = _ => Task.FromResult(_streamNow),
            ReadEnds = _ => _kafkaFailure is { } failure
                ? Task.FromException<ImmutableArray<PartitionRange>>(failure)
                : Task.FromResult<ImmutableArray<PartitionRange>>(
                    [new PartitionRange(0, 0, 10), new PartitionRange(1, 0, 5), new PartitionRange(2, 0, 0)]),
            ReadStored = (_, _) => _progressFailure is { } failure
                ? Task.FromException<StoredProgress>(failure)
                : Task.FromResult(new StoredProgress(_stored)),
            Catalog = RollupCatalog.Default,
            ReadDates = ReadDatesAsync,
            ReadRows = (_, rollup, date, _) => RowsAsync(rollup, date),
            Warehouse = _warehouse,
            Mediator = _mediator,
        };
        options ??= new ExportOptions();
        return Sys.ActorOf(
            supervised ? Coordinator.SupervisedProps(with, options) : Coordinator.Props(with, options));
    }

    private async Task<IReadOnlyList<RollupDate>> ReadDatesAsync(CompletionAccepted completion, CancellationToken token)
    {
        if (_planning is { } planning)
            await planning.Task.WaitAsync(token);
        if (_storageFailure is { } failure)
            throw failure;
        return
        [
            .. from date in (DateOnly[])[NewYear, NewYear.AddDays(1)]
               from rollup in RollupCatalog.Default.Rollups
               orderby date, rollup.Name
               select new RollupDate(rollup.Name, date),
        ];
    }

    private async IAsyncEnumerable<KeyCount> RowsAsync(Rollup rollup, DateOnly date)
    {
        await Task.Yield();
        var end = Window.EndingAt(date.ToDateTime(new TimeOnly(0, 5), DateTimeKind.Utc));
        yield return new KeyCount(new RollupKey(rollup.Name, "one"), end, date == NewYear ? _countOfOne : 3);
        yield return new KeyCount(new RollupKey(rollup.Name, "two"), end, 7);
    }

    private async Task StopAsync(IActorRef coordinator)
    {
        var watcher = CreateTestProbe();
        await watcher.WatchAsync(coordinator);
        coordinator.Tell(PoisonPill.Instance);
        await watcher.ExpectTerminatedAsync(coordinator, Limit);
        while (_mediator.HasMessages)
            await _mediator.ReceiveOneAsync(Limit);
    }

    private async Task KillChildAsync(IActorRef supervisor)
    {
        var child = await Sys.ActorSelection(supervisor.Path / Coordinator.StoredAs).ResolveOne(Limit);
        var watcher = CreateTestProbe();
        await watcher.WatchAsync(child);
        child.Tell(Kill.Instance);
        await watcher.ExpectTerminatedAsync(child, Limit);
        while (_mediator.HasMessages)
            await _mediator.ReceiveOneAsync(Limit);
    }

    private async Task<T> NextAsync<T>() =>
        (T)(await _mediator.FishForMessageAsync<Publish>(published => published.Message is T, Limit)).Message;

    private async Task<T> AdvanceToNextAsync<T>()
        where T : class
    {
        T? found = null;
        await AdvanceToAsync(async () =>
        {
            while (found is null && _mediator.HasMessages)
                found = (await _mediator.ExpectMsgAsync<Publish>(Limit)).Message as T;
            return found is not null;
        });
        return found!;
    }

    /// <summary>Lets virtual time pass, with a breath of real time for what runs outside the actor, until it is so.</summary>
    private async Task AdvanceToAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!await condition())
        {
            Clock.Advance(TimeSpan.FromMilliseconds(250));
            await Task.Delay(TimeSpan.FromMilliseconds(2), limit.Token);
        }
    }
}
