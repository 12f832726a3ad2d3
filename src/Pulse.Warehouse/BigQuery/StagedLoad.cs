using System.Globalization;
using System.Net;
using Google;
using Pulse.Counting;
using Pulse.Warehouse.BigQuery.Data;

namespace Pulse.Warehouse.BigQuery;

/// <summary>One date on its way into its partition.</summary>
internal sealed class StagedLoad(BigQueryWarehouse warehouse, StagedFile file, Rollup rollup, DateOnly date) : IStagedDate
{
    // More jobs than this for the very same rows means that something is wrong that no further job will mend.
    private const int MostAttempts = 1_000;

    private readonly string _what = $"{rollup.Name} of {date:yyyy-MM-dd}";

    public DateContent Content => file.Content;

    public long Bytes => file.Bytes;

    public ValueTask DisposeAsync()
    {
        file.Dispose();
        return ValueTask.CompletedTask;
    }

    public Task<bool> IsInPlaceAsync(bool isKnownLoaded, CancellationToken cancellationToken) =>
        BigQueryFailures.Translated(
            $"looking for {_what}",
            async () =>
            {
                var client = await warehouse.ClientAsync(cancellationToken).ConfigureAwait(false);
                if (await warehouse.LocateAsync(client, cancellationToken).ConfigureAwait(false) is null
                    || await client.GetTableAsync(warehouse.Options.DatasetId, rollup.Name, cancellationToken)
                        .ConfigureAwait(false) is null)
                    return false;
                return (isKnownLoaded || await HasLoadedAsync(client, cancellationToken).ConfigureAwait(false))
                    && await ReadBackAsync(client, cancellationToken).ConfigureAwait(false)
                        == (Content.Rows, Content.ViewCount);
            },
            cancellationToken);

    public Task<ExportedDate> LoadAsync(
        LoadHistory history, KnownGaps gaps, Action<DateStatus> tell, CancellationToken cancellationToken) =>
        BigQueryFailures.Translated(
            $"loading {_what}",
            async () =>
            {
                var client = await warehouse.ClientAsync(cancellationToken).ConfigureAwait(false);
                return await LoadAsync(client, history, gaps, tell, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);

    private async Task<ExportedDate> LoadAsync(
        BigQueryClient client, LoadHistory history, KnownGaps gaps, Action<DateStatus> tell, CancellationToken cancellationToken)
    {
        var started = 0;
        for (var attempt = 1; attempt <= MostAttempts; attempt++)
        {
            var jobId = LoadJobId.Of(rollup, date, Content.Digest, attempt);
            var found = await client.GetJobAsync(jobId, warehouse.Location, cancellationToken).ConfigureAwait(false);
            var isOurs = false;
            if (found is null)
            {
                started++;
                (found, isOurs) = await StartAsync(client, jobId, gaps, tell, cancellationToken).ConfigureAwait(false);
            }

            var status = new DateStatus(DateStep.Loading, Content.Rows, Bytes);
            var job = await warehouse.WaitAsync(client, found, status, tell, cancellationToken).ConfigureAwait(false);
            if (job.Status!.ErrorResult is { } error)
            {
                // An error that somebody else met may have been mended since; one's own has not.
                var failure = BigQueryFailures.OfJob(_what, jobId, error);
                if (isOurs && (failure.IsPermanent || started >= warehouse.Options.JobAttempts))
                    throw failure;
                if (isOurs)
                    await PauseAsync(started, failure, tell, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (!isOurs && !history.MayHaveLoaded(Content.Digest))
                continue;

            tell(new DateStatus(DateStep.Verifying, Content.Rows, Bytes, jobId, job.Status.State));
            var held = await ReadBackAsync(client, cancellationToken).ConfigureAwait(false);
            if (held == (Content.Rows, Content.ViewCount))
                return new ExportedDate(Content.Rows, Content.ViewCount, Bytes, Content.Digest);
            if (isOurs)
                throw Mismatch(jobId, held);

            // The job that was found did load these rows once, but somebody has changed the partition since.
        }

        throw new WarehouseException(
            $"BigQuery has {MostAttempts} load jobs for the very same rows of {_what}, and the partition still does not hold "
            + $"them. Look for what else writes to {warehouse.TableName(rollup)}.", isPermanent: true);
    }

    /// <returns>The job, and whether it is this call that made it: otherwise it was there before.</returns>
    private async Task<(Job Job, bool IsOurs)> StartAsync(
        BigQueryClient client, string jobId, KnownGaps gaps, Action<DateStatus> tell, CancellationToken cancellationToken)
    {
        tell(new DateStatus(DateStep.Uploading, Content.Rows, 0, jobId));
        try
        {
            await using var content = File.OpenRead(file.Path);
            var job = await client.UploadParquetAsync(
                Request(jobId, gaps),
                content,
                sent => tell(new DateStatus(DateStep.Uploading, Content.Rows, sent, jobId)),
                cancellationToken).ConfigureAwait(false);
            return (job, true);
        }
        catch (GoogleApiException exception) when (exception.HttpStatusCode == HttpStatusCode.Conflict)
        {
            // Somebody was quicker, or the answer to the last chunk got lost after the job had been made.
            var job = await client.GetJobAsync(jobId, warehouse.Location, cancellationToken).ConfigureAwait(false)
                ?? throw new WarehouseException(
                    $"BigQuery says that the job {jobId} exists, but does not find it. Is "
                    + "Pulse:Warehouse:BigQuery:Location the dataset's?", exception);
            return (job, false);
        }
    }

    private Job Request(string jobId, KnownGaps gaps) => new()
    {
        JobReference = new JobReference
        {
            ProjectId = warehouse.Options.ProjectId,
            JobId = jobId,
            Location = warehouse.Location,
        },
        Configuration = new JobConfiguration
        {
            Load = new JobConfigurationLoad
            {
                DestinationTable = new TableReference
                {
                    ProjectId = warehouse.Options.ProjectId,
                    DatasetId = warehouse.Options.DatasetId,
                    TableId = BigQueryTables.Partition(rollup, date),
                },
                SourceFormat = "PARQUET",
                Schema = BigQueryTables.Schema(rollup),
                TimePartitioning = BigQueryTables.Partitioning(),
                Clustering = BigQueryTables.Clustering(),
                // The table is there and checked; one that was dropped meanwhile must not come back unchecked.
                CreateDisposition = "CREATE_NEVER",
                WriteDisposition = "WRITE_TRUNCATE",
            },
            // A label's value has digits and small letters alone.
            Labels = gaps.AreNone ? null : new Dictionary<string, string>
            {
                ["pulse_lost_records"] = gaps.Lost.ToString(CultureInfo.InvariantCulture),
                ["pulse_cut_records"] = gaps.Cut.ToString(CultureInfo.InvariantCulture),
            },
        },
    };

    private async Task PauseAsync(
        int started, WarehouseException failure, Action<DateStatus> tell, CancellationToken cancellationToken)
    {
        tell(new DateStatus(DateStep.Paused, Content.Rows, Bytes, Trouble: failure.Message));
        await Task.Delay(warehouse.Options.FirstJobPause * (1L << Math.Min(started - 1, 10)), cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Whether the last job for these rows ended well.</summary>
    private async Task<bool> HasLoadedAsync(BigQueryClient client, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= MostAttempts; attempt++)
        {
            var jobId = LoadJobId.Of(rollup, date, Content.Digest, attempt);
            var job = await client.GetJobAsync(jobId, warehouse.Location, cancellationToken).ConfigureAwait(false);
            if (job is null)
                return false;
            if (job.Status is { IsDone: true, ErrorResult: null })
                return true;
        }

        return false;
    }

    /// <summary>The row count and the sum of counts that the partition holds.</summary>
    private async Task<(long Rows, long ViewCount)> ReadBackAsync(
        BigQueryClient client, CancellationToken cancellationToken)
    {
        var answer = await client.ExecuteQueryAsync(
            $"SELECT COUNT(*) AS row_count, IFNULL(SUM(view_count), 0) AS view_count FROM `{warehouse.TableName(rollup)}` "
            + "WHERE date = @date",
            [
                new QueryParameter
                {
                    Name = "date",
                    ParameterType = new QueryParameterType { Type = "DATE" },
                    ParameterValue = new QueryParameterValue { Value = $"{date:yyyy-MM-dd}" },
                },
            ],
            warehouse.Location,
            cancellationToken).ConfigureAwait(false);
        var cells = answer.Rows?.SingleOrDefault()?.F;
        if (cells is not { Count: 2 } || !TryNumber(cells[0].V, out var rows) || !TryNumber(cells[1].V, out var views))
            throw new WarehouseException($"BigQuery did not answer the question how many rows it holds for {_what}.");
        return (rows, views);

        static bool TryNumber(object? cell, out long number) => long.TryParse(
            Convert.ToString(cell, CultureInfo.InvariantCulture), NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture, out number);
    }

    private WarehouseException Mismatch(string jobId, (long Rows, long ViewCount) held) => new(
        $"BigQuery holds {held.Rows} rows with {held.ViewCount} views for {_what} after job {jobId}, but {Content.Rows} rows "
        + $"with {Content.ViewCount} views were sent. Look for what else writes to {warehouse.TableName(rollup)}; the next "
        + "export loads the date again.", isPermanent: true);
}
