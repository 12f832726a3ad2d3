using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Pulse.Testing.BigQuery;

/// <summary>
/// BigQuery's REST API, version 2, on a loopback port, as strict as the real one where it matters: documented fields
/// only, resumable and multipart uploads, names of jobs that can be used once, job states over time, partitions. Every
/// fault that a network or the service has can be had on demand.
/// </summary>
public sealed class FakeBigQuery : IAsyncDisposable
{
    /// <summary>The only project.</summary>
    public const string Project = "pulse-test";

    private readonly WebApplication _application;
    private readonly FakeTables _tables = new(Project);
    private readonly FakeUploads _uploads = new();
    private readonly ConcurrentDictionary<string, FakeJob> _jobs = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _one = new(1, 1);
    private int _isDisposed;

    private FakeBigQuery(WebApplication application) => _application = application;

    /// <summary>The API's root.</summary>
    public Uri BaseUri { get; private set; } = null!;

    /// <summary>How many questions about a job are answered PENDING, and how many then RUNNING.</summary>
    public (int Pending, int Running) Patience { get; set; } = (1, 1);

    /// <summary>Decides what goes wrong with a request; null: nothing.</summary>
    public Func<FakeCall, FakeFault?> Fault { get; set; } = _ => null;

    /// <summary>Decides how a load job ends: reason and message, or null for well.</summary>
    public Func<FakeJob, (string Reason, string Message)?> JobError { get; set; } = _ => null;

    /// <summary>The bearer token that requests must carry; null: none is asked for.</summary>
    public string? Token { get; set; }

    /// <summary>Answers what is not BigQuery's, such as a token endpoint; null: 404.</summary>
    public Func<HttpContext, Task>? Elsewhere { get; set; }

    /// <summary>Every request, in order.</summary>
    public ConcurrentQueue<FakeCall> Calls { get; } = new();

    /// <summary>Every load that changed a table, in order.</summary>
    public ConcurrentQueue<FakeLoad> Loads { get; } = new();

    /// <summary>What a client must never do, such as two load jobs for one partition at a time.</summary>
    public ConcurrentQueue<string> Violations { get; } = new();

    /// <summary>The jobs, by name.</summary>
    public IReadOnlyDictionary<string, FakeJob> Jobs => _jobs;

    public static async Task<FakeBigQuery> StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.Limits.MaxRequestBodySize = null;
        });
        var fake = new FakeBigQuery(builder.Build());
        fake._application.Use(fake.SurroundAsync);
        fake.Map();
        await fake._application.StartAsync();
        fake.BaseUri = new Uri(fake._application.Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/");
        return fake;
    }

    /// <summary>Rows of the fake's tables as text, past the API; tables are <c>"dataset"."table"</c>.</summary>
    public IReadOnlyList<string> Rows(string sql)
    {
        _one.Wait();
        try
        {
            return _tables.Rows(sql);
        }
        finally
        {
            _one.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1)
            return;
        await _application.DisposeAsync();
        // Whoever is still inside ends first, and nobody gets in after.
        await _one.WaitAsync();
        _tables.Dispose();
        _uploads.Dispose();
        _one.Dispose();
    }

    private void Map()
    {
        const string Base = "/bigquery/v2/projects/" + Project;
        _application.MapGet(Base + "/datasets/{dataset}", (string dataset) => _tables.Dataset(dataset));
        _application.MapPost(Base + "/datasets", Answered(async context =>
            _tables.AddDataset(await BodyAsync(context, DocumentedFields.Dataset))));
        _application.MapGet(Base + "/datasets/{dataset}/tables/{table}", (string dataset, string table) =>
            _tables.Table(dataset, table));
        _application.MapPost(Base + "/datasets/{dataset}/tables", async (HttpContext context, string dataset) =>
            _tables.AddTable(dataset, await BodyAsync(context, DocumentedFields.Table)));
        _application.MapPatch(Base + "/datasets/{dataset}/tables/{table}",
            async (HttpContext context, string dataset, string table) =>
                _tables.PatchTable(dataset, table, await BodyAsync(context, DocumentedFields.Table)));
        _application.MapGet(Base + "/jobs/{job}", (HttpContext context, string job) => Progressed(context, job).Resource(Project));
        _application.MapPost(Base + "/jobs", Answered(async context =>
            Insert(await BodyAsync(context, DocumentedFields.Job), null, null).Resource(Project)));
        _application.MapPost(Base + "/queries", Answered(async context =>
            QueryNow(await BodyAsync(context, DocumentedFields.Query))));
        _application.MapGet(Base + "/queries/{job}", (HttpContext context, string job) => QueryResults(Progressed(context, job)));
        _application.MapPost("/upload" + Base + "/jobs", UploadAsync);
        _application.MapPut("/upload" + Base + "/jobs", ContinueUploadAsync);
        _application.MapFallback(context => Elsewhere is { } elsewhere
            ? elsewhere(context)
            : throw FakeBigQueryException.NotFound($"{context.Request.Method} {context.Request.Path}"));
    }

    // A lambda of a context alone would be taken for a handler that writes its answer itself.
    private static RequestDelegate Answered(Func<HttpContext, Task<JsonObject>> work) =>
        async context => await context.Response.WriteAsJsonAsync(await work(context));

    /// <summary>Around every request: who asks, what goes wrong, one at a time, and the words for a refusal.</summary>
    private async Task SurroundAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        var call = new FakeCall(request.Method, request.Path, (string?)request.Headers.ContentRange ?? "");
        Calls.Enqueue(call);
        var fault = Fault(call);
        if (fault is { IsAfterEffect: false })
        {
            await GoWrongAsync(context, fault);
            return;
        }

        var answer = context.Response.Body;
        using var held = new MemoryStream();
        context.Response.Body = held;
        context.Items[nameof(FakeFault)] = fault;
        await _one.WaitAsync();
        try
        {
            if (Token is { } token && IsApi(request) && request.Headers.Authorization != $"Bearer {token}")
                throw new FakeBigQueryException(401, "authError", "Request had invalid authentication credentials.");
            await next(context);
        }
        catch (FakeBigQueryException refusal)
        {
            await RefuseAsync(context, refusal.Status, refusal.Reason, refusal.Message);
        }
        finally
        {
            _one.Release();
            context.Response.Body = answer;
        }

        if (fault is not null)
        {
            context.Response.Clear();
            await GoWrongAsync(context, fault);
            return;
        }

        held.Position = 0;
        await held.CopyToAsync(answer);
    }

    private static bool IsApi(HttpRequest request) =>
        request.Path.StartsWithSegments("/bigquery") || request.Path.StartsWithSegments("/upload");

    private static async Task GoWrongAsync(HttpContext context, FakeFault fault)
    {
        if (fault.Meanwhile is { } meanwhile)
            await meanwhile();
        if (fault.Status == 0)
            context.Abort();
        else
            await RefuseAsync(context, fault.Status, fault.Reason, "A fault on demand.");
    }

    private static Task RefuseAsync(HttpContext context, int status, string reason, string message)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new JsonObject
        {
            ["error"] = new JsonObject
            {
                ["code"] = status,
                ["message"] = message,
                ["errors"] = new JsonArray(new JsonObject
                {
                    ["message"] = message, ["domain"] = "global", ["reason"] = reason,
                }),
            },
        });
    }

    private static async Task<JsonObject> BodyAsync(HttpContext context, DocumentedFields fields)
    {
        using var bytes = new MemoryStream();
        await context.Request.Body.CopyToAsync(bytes);
        return Parsed(bytes.ToArray(), fields);
    }

    private static JsonObject Parsed(byte[] bytes, DocumentedFields fields)
    {
        JsonNode body;
        try
        {
            body = JsonNode.Parse(bytes) ?? throw FakeBigQueryException.Invalid("Empty body.");
        }
        catch (JsonException)
        {
            throw new FakeBigQueryException(400, "parseError", "Parse Error");
        }

        return fields.Mistake(body, "request") is { } mistake
            ? throw FakeBigQueryException.Invalid($"Invalid JSON payload received. {mistake}")
            : (JsonObject)body;
    }

    private async Task UploadAsync(HttpContext context)
    {
        var kind = (string?)context.Request.Query["uploadType"];
        if (kind == "multipart")
        {
            await MultipartAsync(context);
            return;
        }

        if (kind != "resumable")
            throw FakeBigQueryException.Invalid($"Unknown uploadType '{kind}'.");
        if (string.IsNullOrEmpty(context.Request.Headers["X-Upload-Content-Type"]))
            throw FakeBigQueryException.Invalid("X-Upload-Content-Type is missing.");
        using var bytes = new MemoryStream();
        await context.Request.Body.CopyToAsync(bytes);
        Parsed(bytes.ToArray(), DocumentedFields.Job);
        var id = _uploads.Begin(bytes.ToArray());
        context.Response.Headers.Location =
            $"{BaseUri.AbsoluteUri.TrimEnd('/')}{context.Request.Path}?uploadType=resumable&upload_id={id}";
    }

    private async Task ContinueUploadAsync(HttpContext context)
    {
        var fault = (FakeFault?)context.Items[nameof(FakeFault)];
        if (await _uploads.ContinueAsync(context, fault?.ChunkBytes) is not { } upload)
            return;
        upload.Made ??= Insert(Parsed(upload.Job, DocumentedFields.Job), upload.File, upload.Held);
        await context.Response.WriteAsJsonAsync(upload.Made.Resource(Project));
    }

    private async Task MultipartAsync(HttpContext context)
    {
        var boundary = Microsoft.Net.Http.Headers.MediaTypeHeaderValue.Parse(context.Request.ContentType).Boundary.Value!.Trim('"');
        var reader = new MultipartReader(boundary, context.Request.Body) { BodyLengthLimit = null };
        using var job = new MemoryStream();
        await (await reader.ReadNextSectionAsync())!.Body.CopyToAsync(job);
        var path = _uploads.NewFile();
        await using (var file = File.Create(path))
            await (await reader.ReadNextSectionAsync())!.Body.CopyToAsync(file);
        var made = Insert(Parsed(job.ToArray(), DocumentedFields.Job), path, new FileInfo(path).Length);
        await context.Response.WriteAsJsonAsync(made.Resource(Project));
    }

    private FakeJob Insert(JsonObject body, string? file, long? bytes)
    {
        var configuration = body["configuration"] as JsonObject
            ?? throw FakeBigQueryException.Invalid("Missing configuration.");
        if (configuration.ContainsKey("load") == configuration.ContainsKey("query"))
            throw FakeBigQueryException.Invalid("Exactly one of load and query is needed.");
        var id = (string?)body["jobReference"]?["jobId"] ?? $"job_{Guid.NewGuid():N}";
        var job = new FakeJob(id, configuration, (string?)body["jobReference"]?["location"] ?? LocationOf(configuration))
        {
            File = file, InputBytes = bytes ?? 0,
        };
        if (job.Destination is { } destination)
        {
            if (configuration["load"]!["destinationTable"]!["projectId"]?.ToString() != Project)
                throw FakeBigQueryException.Invalid("The destination is in another project.");
            if (LocationOf(configuration) is { } location && !location.Equals(job.Location, StringComparison.OrdinalIgnoreCase))
                throw FakeBigQueryException.NotFound($"Dataset in location {job.Location}");
            foreach (var other in _jobs.Values.Where(other => other.State != "DONE" && other.Destination == destination && other.Id != id))
                Violations.Enqueue($"{id} was started while {other.Id} was at work on {destination}");
        }

        if (!_jobs.TryAdd(id, job))
            throw FakeBigQueryException.Duplicate($"Job {Project}:{job.Location}.{id}");
        return job;
    }

    private string LocationOf(JsonObject configuration)
    {
        var dataset = (string?)configuration["load"]?["destinationTable"]?["datasetId"];
        return dataset is null ? "US" : (string)_tables.Dataset(dataset)["location"]!;
    }

    private FakeJob Progressed(HttpContext context, string id)
    {
        if (!_jobs.TryGetValue(id, out var job)
            || ((string?)context.Request.Query["location"] is { Length: > 0 } location
                && !location.Equals(job.Location, StringComparison.OrdinalIgnoreCase)))
            throw FakeBigQueryException.NotFound($"Job {Project}:{id}");
        if (job.State == "DONE")
            return job;
        var asked = job.Asked++;
        if (asked < Patience.Pending)
            return job;
        if (asked < Patience.Pending + Patience.Running)
            job.State = "RUNNING";
        else
            End(job);
        return job;
    }

    private void End(FakeJob job)
    {
        job.State = "DONE";
        try
        {
            if (job.Configuration["query"] is JsonObject query)
            {
                job.Answer = Answered(query);
                return;
            }

            if (JobError(job) is { } error)
            {
                job.Error = error;
                return;
            }

            var load = (JsonObject)job.Configuration["load"]!;
            job.OutputRows = _tables.Load(load, job.File ?? throw FakeBigQueryException.Invalid("No file was uploaded."));
            var parts = job.Destination!.Split('$');
            Loads.Enqueue(new FakeLoad(job.Id, parts[0], parts.ElementAtOrDefault(1), job.OutputRows));
        }
        catch (FakeBigQueryException refusal)
        {
            job.Error = (refusal.Reason, refusal.Message);
        }
        finally
        {
            if (job.File is { } file)
                File.Delete(file);
            job.File = null;
        }
    }

    private JsonObject QueryNow(JsonObject query)
    {
        // The first answer is that there is none yet, as with a query that takes longer than the client waits.
        var job = Insert(
            new JsonObject { ["configuration"] = new JsonObject { ["query"] = Configured(query) } }, null, null);
        if (Patience.Pending == 0)
            End(job);
        return QueryResults(job);

        static JsonObject Configured(JsonObject query)
        {
            var configuration = new JsonObject();
            foreach (var name in (string[])["query", "useLegacySql", "queryParameters", "parameterMode"])
            {
                if (query[name] is { } value)
                    configuration[name] = value.DeepClone();
            }

            return configuration;
        }
    }

    private static JsonObject QueryResults(FakeJob job)
    {
        if (job.Error is { } error)
            throw new FakeBigQueryException(400, error.Reason, error.Message);
        var answer = job.Answer is null ? [] : (JsonObject)job.Answer.DeepClone();
        answer["kind"] = "bigquery#queryResponse";
        answer["jobReference"] = job.Reference(Project);
        answer["jobComplete"] = job.State == "DONE";
        return answer;
    }

    private JsonObject Answered(JsonObject query)
    {
        if (query["useLegacySql"] is not { } legacy || (bool)legacy)
            throw new FakeBigQueryException(400, "invalidQuery", "The fake knows only GoogleSQL: set useLegacySql to false.");
        return _tables.Query((string)query["query"]!, query["queryParameters"] as JsonArray);
    }
}
