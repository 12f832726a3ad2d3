using System.Net;
using Google;
using Pulse.Counting;
using Pulse.Warehouse.BigQuery.Data;

namespace Pulse.Warehouse.BigQuery;

/// <summary>
/// BigQuery: one table per rollup in one dataset, one load job per date that replaces that date's partition.
/// </summary>
/// <param name="options">Where it is and how patiently to use it.</param>
public sealed class BigQueryWarehouse(BigQueryOptions options) : IWarehouse, IDisposable
{
    private const string FilePrefix = "pulse-export-";

    private readonly SemaphoreSlim _connecting = new(1, 1);
    private BigQueryClient? _client;
    private string? _location;

    /// <inheritdoc />
    public string Description => $"BigQuery dataset {options.ProjectId}.{options.DatasetId}"
        + (options.BaseUri == BigQueryOptions.DefaultBaseUri ? "" : $" at {options.BaseUri}")
        + $" ({options.Credentials.Description})";

    /// <inheritdoc />
    public string Identity => $"bigquery:{options.BaseUri}:{options.ProjectId}.{options.DatasetId}";

    /// <inheritdoc />
    public Task PrepareAsync(Rollup rollup, CancellationToken cancellationToken) => BigQueryFailures.Translated(
        $"preparing the table {TableName(rollup)}",
        async () =>
        {
            var client = await ClientAsync(cancellationToken).ConfigureAwait(false);
            await PrepareDatasetAsync(client, cancellationToken).ConfigureAwait(false);
            var table = await client.GetTableAsync(options.DatasetId, rollup.Name, cancellationToken).ConfigureAwait(false)
                ?? await CreateTableAsync(client, rollup, cancellationToken).ConfigureAwait(false);
            var differences = BigQueryTables.Differences(rollup, table);
            if (differences.Count > 0)
                throw new WarehouseException(
                    $"The BigQuery table {TableName(rollup)} does not fit the rollup: {string.Join("; ", differences)}. "
                    + "Nothing was written. Rename or drop the table, or name another dataset in "
                    + "Pulse:Warehouse:BigQuery:Dataset.", isPermanent: true);
            if (!BigQueryTables.HasClustering(table))
                await client.PatchTableAsync(
                    options.DatasetId, rollup.Name, new Table { Clustering = BigQueryTables.Clustering() },
                    cancellationToken).ConfigureAwait(false);
            return table;
        },
        cancellationToken);

    /// <inheritdoc />
    public async Task<IStagedDate> StageAsync(
        Rollup rollup, DateOnly date, IAsyncEnumerable<KeyCount> rows, CancellationToken cancellationToken)
    {
        var directory = options.StagingDirectory ?? Path.GetTempPath();
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StagedFile.Failure(rollup, date, directory, exception);
        }

        var path = Path.Combine(directory, FilePrefix + Guid.NewGuid().ToString("N") + ".parquet");
        var file = await StagedFile.WriteAsync(path, Identity, rollup, date, rows, cancellationToken)
            .ConfigureAwait(false);
        return new StagedLoad(this, file, rollup, date);
    }

    /// <inheritdoc />
    public async Task SettleAsync(
        Rollup rollup, DateOnly date, string digest, Action<DateStatus> tell, CancellationToken cancellationToken)
    {
        var what = $"{rollup.Name} of {date:yyyy-MM-dd}";
        await BigQueryFailures.Translated(
            $"waiting for an earlier load of {what}",
            async () =>
            {
                var client = await ClientAsync(cancellationToken).ConfigureAwait(false);
                await LocateAsync(client, cancellationToken).ConfigureAwait(false);
                var settled = 0;
                while (await client.GetJobAsync(
                    LoadJobId.Of(rollup, date, digest, settled + 1), _location, cancellationToken)
                    .ConfigureAwait(false) is { } job)
                {
                    await WaitAsync(client, job, new DateStatus(DateStep.Settling), tell, cancellationToken)
                        .ConfigureAwait(false);
                    settled++;
                }

                return settled;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose()
    {
        _client?.Dispose();
        _connecting.Dispose();
    }

    internal string TableName(Rollup rollup) => $"{options.ProjectId}.{options.DatasetId}.{rollup.Name}";

    internal BigQueryOptions Options => options;

    /// <summary>Where the dataset is, once that is known.</summary>
    internal string? Location => _location;

    internal async Task<BigQueryClient> ClientAsync(CancellationToken cancellationToken)
    {
        await _connecting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _client ??= await BigQueryClient.CreateAsync(options, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _connecting.Release();
        }
    }

    /// <summary>Finds out where the dataset is; it may not be there.</summary>
    internal async Task<Dataset?> LocateAsync(BigQueryClient client, CancellationToken cancellationToken)
    {
        var dataset = await client.GetDatasetAsync(options.DatasetId, cancellationToken).ConfigureAwait(false);
        _location = dataset?.Location ?? _location ?? options.Location;
        return dataset;
    }

    /// <summary>Asks after a job until it has ended.</summary>
    internal async Task<Job> WaitAsync(
        BigQueryClient client, Job job, DateStatus status, Action<DateStatus> tell, CancellationToken cancellationToken)
    {
        var interval = options.FirstPollInterval;
        var name = job.JobReference!;
        while (true)
        {
            tell(status with { JobId = name.JobId, JobState = job.Status?.State });
            if (job.Status?.IsDone == true)
                return job;
            await Task.Delay(interval, cancellationToken).ConfigureAwait(false);
            interval = interval * 1.5 < options.LongestPollInterval ? interval * 1.5 : options.LongestPollInterval;
            job = await client.GetJobAsync(name.JobId!, name.Location ?? _location, cancellationToken)
                .ConfigureAwait(false)
                ?? throw new WarehouseException($"BigQuery has forgotten the job {name.JobId} while it was at work.");
        }
    }

    private async Task PrepareDatasetAsync(BigQueryClient client, CancellationToken cancellationToken)
    {
        var dataset = await LocateAsync(client, cancellationToken).ConfigureAwait(false);
        if (dataset is null)
        {
            try
            {
                dataset = await client.CreateDatasetAsync(
                    options.DatasetId, options.Location, "Exact five-minute view counts, written by Pulse.",
                    cancellationToken).ConfigureAwait(false);
            }
            catch (GoogleApiException exception) when (exception.HttpStatusCode == HttpStatusCode.Conflict)
            {
                dataset = await LocateAsync(client, cancellationToken).ConfigureAwait(false);
            }

            _location = dataset?.Location ?? options.Location;
        }

        if (options.Location is { } wanted && dataset?.Location is { } actual
            && !wanted.Equals(actual, StringComparison.OrdinalIgnoreCase))
            throw new WarehouseException(
                $"The BigQuery dataset {options.ProjectId}.{options.DatasetId} is in {actual}, but "
                + $"Pulse:Warehouse:BigQuery:Location says {wanted}. A dataset can't be moved: correct the location, or "
                + "name another dataset.", isPermanent: true);
    }

    private async Task<Table> CreateTableAsync(BigQueryClient client, Rollup rollup, CancellationToken cancellationToken)
    {
        try
        {
            return await client.CreateTableAsync(
                options.DatasetId, rollup.Name, BigQueryTables.Shape(rollup), cancellationToken).ConfigureAwait(false);
        }
        catch (GoogleApiException exception) when (exception.HttpStatusCode == HttpStatusCode.Conflict)
        {
            // Another date of the same rollup was quicker.
            return await client.GetTableAsync(options.DatasetId, rollup.Name, cancellationToken).ConfigureAwait(false)
                ?? throw new WarehouseException($"The BigQuery table {TableName(rollup)} is being made and dropped again.");
        }
    }
}
