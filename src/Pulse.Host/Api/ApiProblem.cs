using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Pulse.Host.Api;

/// <summary>The API's errors: problem+json (RFC 9457), with the parameter's name where one is wrong.</summary>
internal static class ApiProblem
{
    private const int MaximumShown = 80;

    /// <summary>A parameter can't be understood or is out of bounds.</summary>
    public static ProblemHttpResult Parameter(string parameter, string detail) => Of(
        StatusCodes.Status400BadRequest, "A parameter is wrong", detail, parameter);

    public static ProblemHttpResult NotFound(string parameter, string detail) => Of(
        StatusCodes.Status404NotFound, "Not found", detail, parameter);

    /// <summary>An address does not take the request's method.</summary>
    public static ProblemHttpResult MethodNotAllowed(HttpResponse response, string[] allowed)
    {
        response.Headers.Allow = string.Join(", ", allowed);
        return Of(StatusCodes.Status405MethodNotAllowed, "Method not allowed", $"This address takes other methods: use {string.Join(" or ", allowed)}.");
    }

    public static ProblemHttpResult NotAcceptable(params ReadOnlySpan<string> offered) => Of(
        StatusCodes.Status406NotAcceptable, "Not acceptable", $"This is to be had as {string.Join(" or ", offered)}.");

    public static ProblemHttpResult Unauthorized() => Of(
        StatusCodes.Status401Unauthorized,
        "Who are you?",
        "Send the API key in the header X-Api-Key or as Authorization: Bearer, or sign in at the dashboard.");

    public static ProblemHttpResult TooMany(string detail) => Of(
        StatusCodes.Status429TooManyRequests, "Too many requests", detail);

    public static ProblemHttpResult Unavailable(string detail) => Of(
        StatusCodes.Status503ServiceUnavailable, "Not now", detail);

    /// <summary>A text that somebody sent, as much of it as a message can show.</summary>
    public static string Shown(string text) => text.Length <= MaximumShown
        ? text
        : $"{text[..(char.IsHighSurrogate(text[MaximumShown - 1]) ? MaximumShown - 1 : MaximumShown)]}…";

    private static ProblemHttpResult Of(int status, string title, string detail, string? parameter = null)
    {
        var problem = new ProblemDetails { Status = status, Title = title, Detail = detail };
        if (parameter is not null)
            problem.Extensions["parameter"] = parameter;
        return TypedResults.Problem(problem);
    }
}
