using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Pulse.Host.Api;

/// <summary>The API's errors: problem+json (RFC 9457), with the parameter's name where one is wrong.</summary>
internal static class ApiProblem
{
    /// <summary>A parameter can't be understood or is out of bounds.</summary>
    public static ProblemHttpResult Parameter(string parameter, string detail) => Of(
        StatusCodes.Status400BadRequest, "A parameter is wrong", detail, parameter);

    public static ProblemHttpResult NotFound(string parameter, string detail) => Of(
        StatusCodes.Status404NotFound, "Not found", detail, parameter);

    /// <summary>Something else than reading was tried.</summary>
    public static ProblemHttpResult OnlyGet(HttpResponse response)
    {
        response.Headers.Allow = RollupEndpoints.IsStream(response.HttpContext.Request.Path)
            ? HttpMethods.Get
            : $"{HttpMethods.Get}, {HttpMethods.Head}";
        return Of(StatusCodes.Status405MethodNotAllowed, "Method not allowed", "Everything here is only read: use GET.");
    }

    public static ProblemHttpResult NotAcceptable() => Of(
        StatusCodes.Status406NotAcceptable, "Not acceptable", "This is to be had as application/json or text/csv.");

    public static ProblemHttpResult Unauthorized() => Of(
        StatusCodes.Status401Unauthorized,
        "Who are you?",
        "Send the API key in the header X-Api-Key or as Authorization: Bearer, or sign in at the dashboard.");

    public static ProblemHttpResult TooMany(string detail) => Of(
        StatusCodes.Status429TooManyRequests, "Too many requests", detail);

    public static ProblemHttpResult Unavailable(string detail) => Of(
        StatusCodes.Status503ServiceUnavailable, "Not now", detail);

    private static ProblemHttpResult Of(int status, string title, string detail, string? parameter = null)
    {
        var problem = new ProblemDetails { Status = status, Title = title, Detail = detail };
        if (parameter is not null)
            problem.Extensions["parameter"] = parameter;
        return TypedResults.Problem(problem);
    }
}
