using System.Collections.Concurrent;
using Pulse.Actors.Coordination;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Testing;
using Pulse.Testing.BigQuery;
using Pulse.Warehouse.BigQuery;

namespace Pulse.Warehouse.Tests;

/// <summary>The warehouse against the fake: what it makes, loads, repeats, refuses and reads back.</summary>
public sealed class BigQueryWarehouseTests : IAsyncLifetime
{
    private FakeBigQuery _fake = null!;
    private BigQueryWarehouse _warehouse = null!;

    public async ValueTask InitializeAsync()
    {
        _fake = await FakeBigQuery.StartAsync();
        _warehouse = new BigQueryWarehouse(Counts.Options(_fake));
    }

    public async ValueTask DisposeAsync()
    {
        _warehouse.Dispose();
        await _fake.DisposeAsync();
    }

    [Fact]
    public async Task A_date_is_one_load_job_into_its_partition_of_a_table_made_as_the_contract_says()
    {
        var rows = Counts.Rows(Counts.NewYear).ToList();
        var told = new ConcurrentQueue<DateStatus>();

        var exported = await Counts.ExportAsync(_warehouse, Counts.NewYear, rows, tell: told.Enqueue);

        Assert.Equal((20, 210, false), (exported.Rows, exported.ViewCount, exported.IsUnchanged));
        Assert.True(exported.Bytes > 0);
        AssertHolds(Counts.NewYear, rows);
        var load = Assert.Single(_fake.Loads);
        Assert.Equal(("real_time_analytics.viewsByDeviceGenre", "20260101", 20), (load.Table, load.Partition, load.Rows));
        Assert.StartsWith("pulse_viewsByDeviceGenre_20260101_", load.JobId, StringComparison.Ordinal);
        Assert.EndsWith("_1", load.JobId, StringComparison.Ordinal);
        Assert.Equal(
            [DateStep.Staging, DateStep.Uploading, DateStep.Loading, DateStep.Verifying, DateStep.Done],
            told.Select(status => status.Step).Distinct());
        Assert.Equal(
            ["PENDING", "RUNNING", "DONE"],
            told.Where(status => status.Step == DateStep.Loading).Select(status => status.JobState).Distinct());
    }

    [Fact]
    public async Task A_load_of_counts_that_lack_records_says_so_by_its_labels_and_another_has_none()
    {
        var exported = await Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear), gaps: new KnownGaps(1_200, 7));
        await Counts.ExportAsync(_warehouse, Counts.NewYear.AddDays(1), Counts.Rows(Counts.NewYear.AddDays(1)));

        Assert.Equal(new KnownGaps(1_200, 7), exported.Gaps);
        using var client = await BigQueryClient.CreateAsync(Counts.Options(_fake), CancellationToken.None);
        var labels = new List<IDictionary<string, string>?>();
        foreach (var load in _fake.Loads)
            labels.Add((await client.GetJobAsync(load.JobId, "EU", CancellationToken.None))!.Configuration!.Labels);
        Assert.Equal(
            [new Dictionary<string, string> { ["pulse_lost_records"] = "1200", ["pulse_cut_records"] = "7" }, null], labels);
    }

    [Fact]
    public async Task Tables_match_the_seed_s_schema_column_for_column()
    {
        await Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear));

        using var client = await BigQueryClient.CreateAsync(Counts.Options(_fake), CancellationToken.None);
        var table = (await client.GetTableAsync(Counts.Dataset, "viewsByDeviceGenre", CancellationToken.None))!;
        Assert.Equal(
            [
                "device_type STRING", "genre STRING", "view_count INTEGER", "date DATE", "hour STRING", "min STRING",
                "window_end TIMESTAMP",
            ],
            table.Schema!.Fields!.Select(field => $"{field.Name} {field.Type}"));
        Assert.Equal(("DAY", "date"), (table.TimePartitioning!.Type, table.TimePartitioning.Field));
        Assert.Equal(["hour", "min"], table.Clustering!.Fields);
        Assert.Equal("EU", (await client.GetDatasetAsync(Counts.Dataset, CancellationToken.None))!.Location);
    }

    [Fact]
    public async Task Other_dates_stay_as_they_are()
    {
        var next = Counts.NewYear.AddDays(1);
        await Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear));
        await Counts.ExportAsync(_warehouse, next, Counts.Rows(next, 5));
        await Counts.ExportAsync(_warehouse, next, Counts.Rows(next, 3, first: 100));

        AssertHolds(Counts.NewYear, Counts.Rows(Counts.NewYear));
        AssertHolds(next, Counts.Rows(next, 3, first: 100));
    }

    [Fact]
    public async Task The_same_rows_again_without_any_memory_find_their_job_and_load_nothing()
    {
        await Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear));
        await Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear));

        Assert.Single(_fake.Loads);
        Assert.Single(_fake.Calls, call => call.IsUploadStart);
    }

    [Fact]
    public async Task Rows_known_to_be_loaded_are_confirmed_and_not_loaded()
    {
        var first = await Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear));
        var again = await Counts.ExportAsync(
            _warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear), new LoadHistory(first.Digest, null));

        Assert.True(again.IsUnchanged);
        Assert.Equal((20, 210, 0), (again.Rows, again.ViewCount, again.Bytes));
        Assert.Single(_fake.Loads);
    }

    [Fact]
    public async Task A_partition_that_somebody_emptied_is_loaded_again()
    {
        var first = await Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear));
        _fake.Rows($"delete from \"{Counts.Dataset}\".\"viewsByDeviceGenre\"");

        await Counts.ExportAsync(
            _warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear), new LoadHistory(first.Digest, null));

        AssertHolds(Counts.NewYear, Counts.Rows(Counts.NewYear));
        Assert.EndsWith("_2", _fake.Loads.Last().JobId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_that_come_back_after_others_were_loaded_are_not_mistaken_for_still_there()
    {
        // The same number of rows and the same sum, so that reading back could not tell.
        var one = new[] { Counts.Row(Counts.NewYear, 5, 7, "PC", "Drama") };
        var other = new[] { Counts.Row(Counts.NewYear, 5, 7, "PC", "Comedy") };
        var first = await Counts.ExportAsync(_warehouse, Counts.NewYear, one);
        var second = await Counts.ExportAsync(_warehouse, Counts.NewYear, other, new LoadHistory(first.Digest, null));

        await Counts.ExportAsync(_warehouse, Counts.NewYear, one, new LoadHistory(second.Digest, null));

        AssertHolds(Counts.NewYear, one);
        Assert.Equal(3, _fake.Loads.Count);
    }

    [Fact]
    public async Task An_upload_whose_chunks_are_interrupted_and_repeated_arrives_whole_and_once()
    {
        var rows = Counts.Rows(Counts.NewYear, 120_000).ToList();
        var chunks = 0;
        _fake.Fault = call => !call.IsChunk ? null : (++chunks % 5) switch
        {
            1 => FakeFault.InterruptChunk(bytes: 0),
            2 => FakeFault.LoseAnswer(),
            3 => FakeFault.Refuse(503, "backendError"),
            _ => null,
        };

        await Counts.ExportAsync(_warehouse, Counts.NewYear, rows);

        Assert.True(chunks > 8, $"only {chunks} chunks");
        Assert.Equal(120_000, Assert.Single(_fake.Loads).Rows);
        Assert.Equal(
            [$"120000|120000|{rows.Sum(row => row.Count)}"],
            _fake.Rows("select count(*), count(distinct genre), sum(view_count)::bigint "
                + $"from \"{Counts.Dataset}\".\"viewsByDeviceGenre\""));
    }

    [Theory]
    [InlineData(429, "rateLimitExceeded")]
    [InlineData(500, "internalError")]
    [InlineData(503, "backendError")]
    [InlineData(0, "")]
    public async Task Every_request_may_meet_a_passing_trouble_before_or_after_its_effect(int status, string reason)
    {
        var seen = new HashSet<string>();
        _fake.Fault = call =>
        {
            var name = $"{call.Method} {call.Path}";
            if (seen.Add(name))
                return status == 0 ? FakeFault.BreakConnection() : FakeFault.Refuse(status, reason);
            return seen.Add(name + " again") ? FakeFault.LoseAnswer(status, reason) : null;
        };

        await Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear));

        AssertHolds(Counts.NewYear, Counts.Rows(Counts.NewYear));
        Assert.Single(_fake.Loads);
        Assert.Empty(_fake.Violations);
    }

    [Fact]
    public async Task A_job_whose_making_was_not_confirmed_is_found_by_its_name_and_not_made_again()
    {
        // The service makes the job, and then no longer knows the upload.
        _fake.Fault = call => call.Method == "PUT" ? FakeFault.LoseAnswer(410, "gone") : null;
        await Assert.ThrowsAsync<WarehouseException>(
            () => Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear)));
        Assert.Single(_fake.Jobs);
        _fake.Fault = _ => null;

        await Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear));

        Assert.Single(_fake.Loads);
        AssertHolds(Counts.NewYear, Counts.Rows(Counts.NewYear));
    }

    [Fact]
    public async Task A_name_that_is_taken_between_the_look_and_the_upload_is_continued()
    {
        var isHidden = true;
        await Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear));
        _fake.Fault = call =>
        {
            if (!call.IsJobGet || !isHidden)
                return null;
            isHidden = false;
            return FakeFault.Refuse(404, "notFound");
        };

        await Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear));

        Assert.Equal(2, _fake.Calls.Count(call => call.IsUploadStart));
        Assert.Single(_fake.Loads);
    }

    [Fact]
    public async Task A_job_that_ends_in_a_passing_error_gets_the_next_attempt()
    {
        _fake.JobError = job => job.Id.EndsWith("_3", StringComparison.Ordinal) ? null : ("backendError", "Please try again.");
        var told = new ConcurrentQueue<DateStatus>();

        await Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear), tell: told.Enqueue);

        Assert.Equal(3, _fake.Jobs.Values.Count(job => job.Destination is not null));
        Assert.EndsWith("_3", Assert.Single(_fake.Loads).JobId, StringComparison.Ordinal);
        Assert.Contains(told, status => status is { Step: DateStep.Paused, Trouble: not null });
    }

    [Fact]
    public async Task Passing_errors_that_do_not_pass_end_at_the_limit_and_the_next_export_goes_on_with_the_next_name()
    {
        _fake.JobError = _ => ("rateLimitExceeded", "Too many jobs.");
        var failure = await Assert.ThrowsAsync<WarehouseException>(
            () => Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear)));
        Assert.False(failure.IsPermanent);
        Assert.Equal(4, _fake.Jobs.Count);

        _fake.JobError = _ => null;
        await Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear));
        Assert.EndsWith("_5", Assert.Single(_fake.Loads).JobId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_that_ends_in_an_error_for_good_is_not_tried_again()
    {
        _fake.JobError = _ => ("accessDenied", "Access Denied: Table.");

        var failure = await Assert.ThrowsAsync<WarehouseException>(
            () => Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear)));

        Assert.True(failure.IsPermanent);
        Assert.Contains("Access Denied: Table.", failure.Message, StringComparison.Ordinal);
        Assert.Contains("viewsByDeviceGenre of 2026-01-01", failure.Message, StringComparison.Ordinal);
        Assert.Single(_fake.Jobs);
    }

    [Theory]
    [InlineData(403, "accessDenied", "roles/bigquery.dataEditor")]
    [InlineData(404, "notFound", "Pulse:Warehouse:BigQuery:ProjectId")]
    [InlineData(400, "invalid", "A fault on demand.")]
    public async Task A_refusal_for_good_is_one_line_that_says_what_to_do(int status, string reason, string advice)
    {
        _fake.Fault = call => call.IsUploadStart ? FakeFault.Refuse(status, reason) : null;

        var failure = await Assert.ThrowsAsync<WarehouseException>(
            () => Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear)));

        Assert.True(failure.IsPermanent);
        Assert.Contains(advice, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
        Assert.Single(_fake.Calls, call => call.IsUploadStart);
    }

    [Fact]
    public async Task A_rate_limit_that_comes_as_403_is_no_refusal_for_good()
    {
        _fake.Fault = call => call.IsUploadStart ? FakeFault.Refuse(403, "rateLimitExceeded") : null;

        var failure = await Assert.ThrowsAsync<WarehouseException>(
            () => Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear)));

        Assert.False(failure.IsPermanent);
    }

    [Fact]
    public async Task A_service_that_is_not_there_is_a_passing_failure_in_one_line()
    {
        using var port = new NobodysPort();
        using var warehouse = new BigQueryWarehouse(Counts.Options(_fake) with { BaseUri = new Uri($"http://{port.Address}/") });

        var failure = await Assert.ThrowsAsync<WarehouseException>(
            () => Counts.ExportAsync(warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear)));

        Assert.False(failure.IsPermanent);
        Assert.Contains("did not answer", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
    }

    [Fact]
    public async Task A_table_of_another_shape_is_refused_with_what_differs_and_nothing_is_written()
    {
        using var client = await BigQueryClient.CreateAsync(Counts.Options(_fake), CancellationToken.None);
        await client.CreateDatasetAsync(Counts.Dataset, "EU", null, CancellationToken.None);
        var shape = BigQueryTables.Shape(Counts.DeviceGenre);
        shape.Schema!.Fields!.RemoveAt(6);
        shape.Schema.Fields[4].Type = "INTEGER";
        shape.TimePartitioning!.Type = "MONTH";
        await client.CreateTableAsync(Counts.Dataset, "viewsByDeviceGenre", shape, CancellationToken.None);

        var failure = await Assert.ThrowsAsync<WarehouseException>(
            () => Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear)));

        Assert.True(failure.IsPermanent);
        Assert.Contains("the column hour is NULLABLE INTEGER instead of STRING", failure.Message, StringComparison.Ordinal);
        Assert.Contains("the column window_end TIMESTAMP is missing", failure.Message, StringComparison.Ordinal);
        Assert.Contains("partitioned by MONTH", failure.Message, StringComparison.Ordinal);
        Assert.Empty(_fake.Jobs);
    }

    [Fact]
    public async Task A_table_that_only_lacks_its_clustering_gets_it()
    {
        using var client = await BigQueryClient.CreateAsync(Counts.Options(_fake), CancellationToken.None);
        await client.CreateDatasetAsync(Counts.Dataset, "EU", null, CancellationToken.None);
        var shape = BigQueryTables.Shape(Counts.DeviceGenre);
        shape.Clustering = null;
        await client.CreateTableAsync(Counts.Dataset, "viewsByDeviceGenre", shape, CancellationToken.None);

        await Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear));

        var table = (await client.GetTableAsync(Counts.Dataset, "viewsByDeviceGenre", CancellationToken.None))!;
        Assert.Equal(["hour", "min"], table.Clustering!.Fields);
    }

    [Fact]
    public async Task A_dataset_elsewhere_than_configured_is_refused()
    {
        using var client = await BigQueryClient.CreateAsync(Counts.Options(_fake), CancellationToken.None);
        await client.CreateDatasetAsync(Counts.Dataset, "US", null, CancellationToken.None);

        var failure = await Assert.ThrowsAsync<WarehouseException>(
            () => Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear)));

        Assert.True(failure.IsPermanent);
        Assert.Contains("is in US", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_partition_that_does_not_hold_what_was_sent_is_an_error()
    {
        _fake.Fault = call =>
        {
            // Somebody else deletes a row between the load and the question.
            if (call.IsQuery)
                _fake.Rows($"delete from \"{Counts.Dataset}\".\"viewsByDeviceGenre\" where view_count = 1");
            return null;
        };

        var failure = await Assert.ThrowsAsync<WarehouseException>(
            () => Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear)));

        Assert.True(failure.IsPermanent);
        Assert.Contains("19 rows with 209 views", failure.Message, StringComparison.Ordinal);
        Assert.Contains("20 rows with 210 views were sent", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_load_of_other_rows_that_is_still_at_work_is_waited_for()
    {
        _fake.Patience = (5, 5);
        using (var stop = new CancellationTokenSource())
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new DateExport(
                _warehouse, (_, _, _) => Counts.Streamed(Counts.Rows(Counts.NewYear))).RunAsync(
                Counts.DeviceGenre, Counts.NewYear, default, (_, _) => Task.CompletedTask,
                status =>
                {
                    if (status.JobState == "PENDING")
                        stop.Cancel();
                }, stop.Token));
        }

        var begun = await DigestAsync(Counts.Rows(Counts.NewYear));
        var others = Counts.Rows(Counts.NewYear, 3, first: 50).ToList();
        var told = new ConcurrentQueue<DateStatus>();
        await Counts.ExportAsync(_warehouse, Counts.NewYear, others, new LoadHistory(null, begun), told.Enqueue);

        Assert.Empty(_fake.Violations);
        Assert.Contains(told, status => status is { Step: DateStep.Settling, JobState: "RUNNING" });
        AssertHolds(Counts.NewYear, others);
    }

    [Fact]
    public async Task A_preview_says_what_would_be_loaded_and_changes_nothing()
    {
        var export = new DateExport(_warehouse, (_, date, _) => Counts.Streamed(Counts.Rows(date)));

        var before = await export.PreviewAsync(Counts.DeviceGenre, Counts.NewYear, CancellationToken.None);
        Assert.Equal((20, 210, false), (before.Rows, before.ViewCount, before.IsUnchanged));
        Assert.All(_fake.Calls, call => Assert.Equal("GET", call.Method));

        await Counts.ExportAsync(_warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear));
        var after = await export.PreviewAsync(Counts.DeviceGenre, Counts.NewYear, CancellationToken.None);
        Assert.True(after.IsUnchanged);
        Assert.Single(_fake.Jobs.Values, job => job.Destination is not null);
    }

    [Fact]
    public async Task Nothing_is_left_in_the_staging_directory()
    {
        var directory = Directory.CreateTempSubdirectory("pulse-staging-").FullName;
        try
        {
            using var warehouse = new BigQueryWarehouse(Counts.Options(_fake) with { StagingDirectory = directory });
            await Counts.ExportAsync(warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear));
            await Assert.ThrowsAsync<StorageException>(() => new DateExport(warehouse, (_, _, _) => BreaksAsync()).RunAsync(
                Counts.DeviceGenre, Counts.NewYear, default, (_, _) => Task.CompletedTask, _ => { }, CancellationToken.None));
            Assert.Empty(Directory.GetFileSystemEntries(directory));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }

        static async IAsyncEnumerable<KeyCount> BreaksAsync()
        {
            yield return Counts.Row(Counts.NewYear, 5, 1, "PC", "Drama");
            await Task.Yield();
            throw new StorageException("The database went away.");
        }
    }

    private async Task<string> DigestAsync(IEnumerable<KeyCount> rows)
    {
        await using var staged = await _warehouse.StageAsync(
            Counts.DeviceGenre, Counts.NewYear, Counts.Streamed(rows), CancellationToken.None);
        return staged.Content.Digest;
    }

    private void AssertHolds(DateOnly date, IEnumerable<KeyCount> rows) => Assert.Equal(
        Counts.Expected(rows).Order(StringComparer.Ordinal),
        Counts.Held(_fake, Counts.DeviceGenre, date).Order(StringComparer.Ordinal));
}
