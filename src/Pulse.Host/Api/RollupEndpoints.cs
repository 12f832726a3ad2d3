using System.Collections.Concurrent;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;
using Pulse.Actors.Live;
using Pulse.Actors.Storage;

namespace Pulse.Host.Api;

/// <summary><c>/api/rollups</c>: what is counted, the counts, and the counts as they change.</summary>
internal sealed class RollupEndpoints(RollupReader reader, ResultStore store)
{
    public const int MaximumStreams = 500;

    private const string StreamSuffix = "/stream";
    private const string NoBuffering = "X-Accel-Buffering";
    private const int MaximumBodies = 256;
    private static readonly TimeSpan StreamPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan StreamHeartbeat = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<string, Body> _bodies = new(StringComparer.Ordinal);
    private int _streams;

    public static void Map(WebApplication application)
    {
        var endpoints = ActivatorUtilities.CreateInstance<RollupEndpoints>(application.Services);
        application.MapGet("/api/rollups", endpoints.ListAsync)
            .Takes()
            .WithName("ListRollups").WithTags("Rollups")
            .WithSummary("The rollups that are counted, with their dimensions and totals.")
            .Produces<RollupList>().ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        application.MapGet("/api/rollups/{name}", endpoints.ReadAsync)
            .WithName("ReadRollup").WithTags("Rollups")
            .WithSummary("The counts of one rollup, as JSON or CSV.")
            .WithDescription("Newest windows come from memory and are at most a second old, older ones from storage. "
                + "Send Accept: text/csv, or format=csv, for CSV, where a value that a spreadsheet would run begins with an apostrophe. "
                + "The ETag changes with the counts.")
            .Produces(StatusCodes.Status200OK, contentType: MediaTypes.Json, additionalContentTypes: MediaTypes.Csv)
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound)
            .DescribeRollupParameters(RollupParameters.Once);
        application.MapGet("/api/rollups/{name}" + StreamSuffix, endpoints.Stream)
            .WithName("StreamRollup").WithTags("Rollups")
            .WithSummary("The same as server-sent events: one now, then one after every change, at most four a second.")
            .Produces(StatusCodes.Status200OK, contentType: MediaTypes.EventStream)
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound)
            .DescribeRollupParameters(RollupParameters.OnceInStream);
    }

    /// <summary>Whether an answer to this path has no end.</summary>
    public static bool IsStream(PathString path) =>
        path.StartsWithSegments("/api/rollups", out var rollup)
        && rollup.Value!.TrimEnd('/') is var end
        && end.EndsWith(StreamSuffix, StringComparison.OrdinalIgnoreCase)
        // A rollup may have that name.
        && end.Length > StreamSuffix.Length;

    private async Task<IResult> ListAsync(CancellationToken cancellationToken)
    {
        if (!reader.Model.IsFilled)
            return NotFilled();
        IReadOnlyDictionary<string, long> late;
        try
        {
            late = await store.LateAsync(cancellationToken);
        }
        catch (StorageException exception)
        {
            return ApiProblem.Unavailable(exception.Message);
        }

        return TypedResults.Ok(new RollupList([.. reader.Model.Rollups.Select(counts => Describe(counts, late))]));
    }

    private async Task<IResult> ReadAsync(string name, HttpContext context)
    {
        if (Read(name, context.Request, RollupParameters.Once, out var request) is { } refusal)
            return refusal;
        if ((request.Format ?? MediaTypes.Choose(context.Request.Headers.Accept, MediaTypes.Json, MediaTypes.Csv)) is not { } format)
            return ApiProblem.NotAcceptable(MediaTypes.Json, MediaTypes.Csv);

        try
        {
            var answer = await reader.AnswerAsync(request.Query, context.RequestAborted);
            var body = BodyOf(answer, request, format);
            AddLinks(context, request, RollupBody.Rows(answer, request.Layout));
            context.Response.Headers.Vary = $"{HeaderNames.Accept}, {HeaderNames.AcceptEncoding}";
            context.Response.Headers.CacheControl = "no-cache";
            return TypedResults.Bytes(
                body.Content, format, fileDownloadName: null, enableRangeProcessing: false, entityTag: body.Tag);
        }
        catch (QueryTooLargeException exception)
        {
            return ApiProblem.Parameter("from", exception.Message);
        }
        catch (StorageException exception)
        {
            return ApiProblem.Unavailable(exception.Message);
        }
    }

    private IResult Stream(string name, HttpContext context)
    {
        if (Read(name, context.Request, RollupParameters.OnceInStream, out var request) is { } refusal)
            return refusal;
        if (MediaTypes.Choose(context.Request.Headers.Accept, MediaTypes.EventStream) is null)
            return ApiProblem.NotAcceptable(MediaTypes.EventStream);
        if (Interlocked.Increment(ref _streams) > MaximumStreams)
        {
            Interlocked.Decrement(ref _streams);
            return ApiProblem.TooMany($"This node serves {MaximumStreams} streams already; ask another node, or poll.");
        }

        context.Response.OnCompleted(() =>
        {
            Interlocked.Decrement(ref _streams);
            return Task.CompletedTask;
        });
        // A proxy that collects answers, as nginx does, would hold each event back until several had come.
        context.Response.Headers[NoBuffering] = "no";
        return TypedResults.ServerSentEvents(EventsAsync(request, context.RequestAborted));
    }

    private async IAsyncEnumerable<SseItem<string>> EventsAsync(
        RollupRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        RollupAnswer? told = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            var change = reader.Model.NextChange;
            var (answer, problem) = await TryAnswerAsync(request.Query, cancellationToken);
            if (problem is not null)
                yield return new SseItem<string>(problem, "problem");
            else if (answer is not null && !ReferenceEquals(answer, told))
                yield return new SseItem<string>(
                    System.Text.Encoding.UTF8.GetString(BodyOf(answer, request, MediaTypes.Json).Content), "counts")
                {
                    EventId = answer.Version.ToString(CultureInfo.InvariantCulture),
                };
            else
                yield return new SseItem<string>("", "ping");
            told = answer;
            await Task.Delay(StreamPause, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Task.WhenAny(change, Task.Delay(StreamHeartbeat, cancellationToken));
        }
    }

    private async Task<(RollupAnswer? Answer, string? Problem)> TryAnswerAsync(
        Pulse.Actors.Live.RollupQuery query, CancellationToken cancellationToken)
    {
        try
        {
            return (await reader.AnswerAsync(query, cancellationToken), null);
        }
        catch (Exception exception) when (exception is StorageException or QueryTooLargeException)
        {
            return (null, exception.Message);
        }
        catch (OperationCanceledException)
        {
            return (null, null);
        }
    }

    private Microsoft.AspNetCore.Http.HttpResults.ProblemHttpResult? Read(
        string name, HttpRequest asked, IReadOnlyCollection<string> once, out RollupRequest request)
    {
        request = null!;
        if (reader.Model.Find(name) is not { } counts)
            return ApiProblem.NotFound(
                "name",
                $"There is no rollup of that name; known are {string.Join(", ", reader.Model.Rollups.Select(known => known.Rollup.Name))}.");
        if (counts.CompleteFrom is null)
            return NotFilled();
        return new RollupParameters(counts.Rollup, once).TryRead(asked, out request) is var (parameter, detail)
            ? ApiProblem.Parameter(parameter, detail)
            : null;
    }

    private static Microsoft.AspNetCore.Http.HttpResults.ProblemHttpResult NotFilled() =>
        ApiProblem.Unavailable("The stored counts are still being read; try again in a second.");

    private Body BodyOf(RollupAnswer answer, RollupRequest request, string format)
    {
        var name = string.Create(
            CultureInfo.InvariantCulture, $"{format}\n{request.Layout}\n{request.Top}\n{request.Page}\n{request.Query.Text}");
        if (_bodies.TryGetValue(name, out var kept) && ReferenceEquals(kept.Answer, answer))
            return kept;

        var content = format == MediaTypes.Csv ? RollupBody.Csv(answer, request) : RollupBody.Json(answer, request);
        // Weak: the same numbers, whether the bytes come compressed or not.
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 12))}\"", isWeak: true);
        if (_bodies.Count >= MaximumBodies)
            _bodies.Clear();
        return _bodies[name] = new Body(answer, content, tag);
    }

    private static void AddLinks(HttpContext context, RollupRequest request, int rows)
    {
        var links = new List<string>(2);
        if (request.Page > 1)
            links.Add(Link(request.Page - 1, "prev"));
        if ((long)request.Page * request.Top < rows)
            links.Add(Link(request.Page + 1, "next"));
        if (links.Count > 0)
            context.Response.Headers.Link = string.Join(", ", links);

        string Link(int page, string relation)
        {
            var parameters = context.Request.Query
                .Where(parameter => parameter.Key != "page")
                .SelectMany(parameter => parameter.Value.Select(value => KeyValuePair.Create(parameter.Key, value)))
                .Append(KeyValuePair.Create("page", (string?)page.ToString(CultureInfo.InvariantCulture)));
            return $"<{context.Request.Path.ToUriComponent()}{QueryString.Create(parameters)}>; rel=\"{relation}\"";
        }
    }

    private static RollupDescription Describe(RollupCounts counts, IReadOnlyDictionary<string, long> late)
    {
        var totals = counts.Totals();
        return new RollupDescription(
            counts.Rollup.Name,
            [.. counts.Rollup.Dimensions],
            counts.Rollup.TableName,
            totals.Count,
            totals.Count > 0 ? totals[0].Window.EndUtc : null,
            totals.Count > 0 ? totals[^1].Window.EndUtc : null,
            totals.Sum(total => total.Count),
            late.GetValueOrDefault(counts.Rollup.Name));
    }

    /// <summary>All rollups.</summary>
    private sealed record RollupList(IReadOnlyList<RollupDescription> Rollups);

    /// <param name="Name">The rollup's name.</param>
    /// <param name="Dimensions">Its dimensions.</param>
    /// <param name="Table">Its result table.</param>
    /// <param name="Windows">How many windows are in memory.</param>
    /// <param name="FirstWindow">The end of the oldest of them.</param>
    /// <param name="LastWindow">The end of the newest of them.</param>
    /// <param name="Total">The sum over them.</param>
    /// <param name="Late">Events whose record came too long after their window, as stored.</param>
    private sealed record RollupDescription(
        string Name,
        IReadOnlyList<string> Dimensions,
        string Table,
        int Windows,
        DateTime? FirstWindow,
        DateTime? LastWindow,
        long Total,
        long Late);

    private sealed record Body(RollupAnswer Answer, byte[] Content, EntityTagHeaderValue Tag);
}
