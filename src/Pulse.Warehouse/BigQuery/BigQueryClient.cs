using System.Net;
using Google;
using Google.Apis.Http;
using Google.Apis.Services;
using Google.Apis.Upload;
using Pulse.Warehouse.BigQuery.Data;

namespace Pulse.Warehouse.BigQuery;

/// <summary>
/// The part of BigQuery that an export needs, with the names of Google's own client where it has them. Thread-safe.
/// Requests that meet a passing trouble (429, 5xx, a broken connection) are sent again with growing pauses.
/// </summary>
/// <remarks>Everything throws <see cref="GoogleApiException"/> where the service refuses and
/// <see cref="HttpRequestException"/> where it does not answer, after the last try.</remarks>
public sealed class BigQueryClient : IDisposable
{
    private const string ParquetContentType = "application/vnd.apache.parquet";
    private const string ApplicationName = "Pulse";
    private const long QueryTimeoutMilliseconds = 10_000;

    private readonly BigQueryOptions _options;
    private readonly BigQueryService _service;

    private BigQueryClient(BigQueryOptions options, BigQueryService service)
    {
        _options = options;
        _service = service;
    }

    /// <summary>The project that owns everything named without one.</summary>
    public string ProjectId => _options.ProjectId;

    /// <summary>Makes a client; reads the credentials and contacts nobody yet.</summary>
    /// <exception cref="WarehouseException">The credentials can't be had.</exception>
    public static async Task<BigQueryClient> CreateAsync(BigQueryOptions options, CancellationToken cancellationToken)
    {
        var credentials = await options.Credentials.ResolveAsync(cancellationToken).ConfigureAwait(false);
        var service = new BigQueryService(
            new BaseClientService.Initializer
            {
                ApplicationName = ApplicationName,
                HttpClientInitializer = new Patience(options, credentials),
                HttpClientTimeout = options.RequestTimeout,
                // Replaced by the one in Patience, which also knows 429 and broken connections.
                DefaultExponentialBackOffPolicy = ExponentialBackOffPolicy.None,
                GZipEnabled = false,
            },
            options.BaseUri);
        return new BigQueryClient(options, service);
    }

    /// <summary>A dataset; null where there is none.</summary>
    public Task<Dataset?> GetDatasetAsync(string datasetId, CancellationToken cancellationToken) =>
        FindAsync<Dataset>("datasets.get", DatasetPath(datasetId), null, cancellationToken);

    /// <summary>Makes a dataset.</summary>
    /// <exception cref="GoogleApiException">409: there is one already.</exception>
    public Task<Dataset> CreateDatasetAsync(
        string datasetId, string? location, string? description, CancellationToken cancellationToken) =>
        SendAsync<Dataset>("datasets.insert", HttpConsts.Post, $"{ProjectPath}/datasets", new Dataset
        {
            DatasetReference = new DatasetReference { ProjectId = ProjectId, DatasetId = datasetId },
            Location = location,
            Description = description,
        }, cancellationToken);

    /// <summary>A table or view; null where there is none.</summary>
    public Task<Table?> GetTableAsync(string datasetId, string tableId, CancellationToken cancellationToken) =>
        FindAsync<Table>("tables.get", TablePath(datasetId, tableId), null, cancellationToken);

    /// <summary>Makes a table of the given shape.</summary>
    /// <exception cref="GoogleApiException">409: there is one already.</exception>
    public Task<Table> CreateTableAsync(
        string datasetId, string tableId, Table shape, CancellationToken cancellationToken)
    {
        shape.TableReference = TableReference(datasetId, tableId);
        return SendAsync<Table>(
            "tables.insert", HttpConsts.Post, $"{DatasetPath(datasetId)}/tables", shape, cancellationToken);
    }

    /// <summary>Changes what the given change has, and nothing else.</summary>
    public Task<Table> PatchTableAsync(
        string datasetId, string tableId, Table change, CancellationToken cancellationToken) =>
        SendAsync<Table>("tables.patch", HttpConsts.Patch, TablePath(datasetId, tableId), change, cancellationToken);

    /// <summary>
    /// Sends a Parquet file in chunks and starts a load job under the given name. A chunk that does not arrive is sent
    /// again from where the service lost it.
    /// </summary>
    /// <param name="job">The job's name and what to load where.</param>
    /// <param name="parquet">The file, seekable.</param>
    /// <param name="sent">Told the number of bytes that have arrived.</param>
    /// <param name="cancellationToken">Stops it; no job is made then.</param>
    /// <exception cref="GoogleApiException">409: a job of that name was made before, whatever became of it.</exception>
    public async Task<Job> UploadParquetAsync(
        Job job, Stream parquet, Action<long> sent, CancellationToken cancellationToken)
    {
        var upload = new JobUpload(_service, $"/upload/{_service.BasePath}{ProjectPath}/jobs", job, parquet)
        {
            ChunkSize = _options.ChunkSize,
        };
        upload.ProgressChanged += progress => sent(progress.BytesSent);
        var end = await upload.UploadAsync(cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (end.Status != UploadStatus.Completed)
            throw end.Exception ?? new HttpRequestException("The upload ended without an answer.");
        return upload.ResponseBody;
    }

    /// <summary>A job; null where there has never been one of that name.</summary>
    public Task<Job?> GetJobAsync(string jobId, string? location, CancellationToken cancellationToken) =>
        FindAsync<Job>("jobs.get", $"{ProjectPath}/jobs/{Escaped(jobId)}", location, cancellationToken);

    /// <summary>Asks in SQL and waits for the first page of the answer.</summary>
    /// <exception cref="GoogleApiException">The SQL is wrong, or names what is not there.</exception>
    public async Task<QueryResponse> ExecuteQueryAsync(
        string sql, IList<QueryParameter> parameters, string? location, CancellationToken cancellationToken)
    {
        var answer = await SendAsync<QueryResponse>("jobs.query", HttpConsts.Post, $"{ProjectPath}/queries", new QueryRequest
        {
            Query = sql,
            QueryParameters = parameters,
            ParameterMode = "NAMED",
            UseLegacySql = false,
            UseQueryCache = false,
            TimeoutMs = QueryTimeoutMilliseconds,
            Location = location,
            RequestId = Guid.NewGuid().ToString(),
        }, cancellationToken).ConfigureAwait(false);
        while (answer.JobComplete != true)
        {
            var job = answer.JobReference ?? throw new HttpRequestException("The query has neither an answer nor a job.");
            answer = await new BigQueryRequest<QueryResponse>(
                _service, "jobs.getQueryResults", HttpConsts.Get, $"{ProjectPath}/queries/{Escaped(job.JobId!)}")
            {
                Location = job.Location ?? location,
                TimeoutMs = QueryTimeoutMilliseconds,
            }.Ready().ExecuteAsync(cancellationToken).ConfigureAwait(false);
        }

        return answer;
    }

    /// <summary>The name of a table in this project.</summary>
    public TableReference TableReference(string datasetId, string tableId) =>
        new() { ProjectId = ProjectId, DatasetId = datasetId, TableId = tableId };

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _service.Dispose();

    private string ProjectPath => $"projects/{Escaped(ProjectId)}";

    private string DatasetPath(string datasetId) => $"{ProjectPath}/datasets/{Escaped(datasetId)}";

    private string TablePath(string datasetId, string tableId) => $"{DatasetPath(datasetId)}/tables/{Escaped(tableId)}";

    private static string Escaped(string name) => Uri.EscapeDataString(name);

    private Task<T> SendAsync<T>(
        string method, string httpMethod, string path, object body, CancellationToken cancellationToken) =>
        new BigQueryRequest<T>(_service, method, httpMethod, path, body).Ready().ExecuteAsync(cancellationToken);

    private async Task<T?> FindAsync<T>(
        string method, string path, string? location, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await new BigQueryRequest<T>(_service, method, HttpConsts.Get, path) { Location = location }
                .Ready().ExecuteAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (GoogleApiException exception) when (exception.HttpStatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    private sealed class JobUpload : ResumableUpload<Job, Job>
    {
        public JobUpload(IClientService service, string path, Job job, Stream parquet)
            : base(service, path, HttpConsts.Post, parquet, ParquetContentType) => Body = job;
    }

    /// <summary>Sends a request again after a growing pause where the trouble may pass.</summary>
    private sealed class Patience(BigQueryOptions options, IConfigurableHttpClientInitializer? credentials)
        : IConfigurableHttpClientInitializer
    {
        public void Initialize(ConfigurableHttpClient httpClient)
        {
            credentials?.Initialize(httpClient);
            var backOff = new BackOffHandler(new BackOffHandler.Initializer(new GrowingPause(options))
            {
                MaxTimeSpan = options.LongestRequestPause,
                HandleUnsuccessfulResponseFunc = response =>
                    response.StatusCode == HttpStatusCode.TooManyRequests || (int)response.StatusCode >= 500,
                RespectRetryAfterHeader = true,
            });
            httpClient.MessageHandler.NumTries = options.RequestTries;
            httpClient.MessageHandler.AddUnsuccessfulResponseHandler(backOff);
            httpClient.MessageHandler.AddExceptionHandler(backOff);
        }
    }
}
