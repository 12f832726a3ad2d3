using Pulse.Host.Access;

namespace Pulse.Host.Api;

/// <summary>
/// Which methods an address takes, said at one place for pages, API, metrics and probes alike: everything is only read, but for
/// signing in and out. A slash at the end makes no difference.
/// </summary>
internal sealed class MethodRules(RequestDelegate next)
{
    private static readonly string[] Read = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>
    /// RFC 9110, 9.3.2: as GET without the body, which the server leaves out. A stream would never end. To be used before routing.
    /// </summary>
    public static Task AnswerHeadAsGet(HttpContext context, RequestDelegate next)
    {
        if (HttpMethods.IsHead(context.Request.Method) && Of(context.Request.Path)?.Contains(HttpMethods.Head) != false)
            context.Request.Method = HttpMethods.Get;
        return next(context);
    }

    public Task InvokeAsync(HttpContext context) =>
        Of(context.Request.Path) is not { } allowed || allowed.Contains(context.Request.Method)
            ? next(context)
            : ApiProblem.MethodNotAllowed(context.Response, allowed).ExecuteAsync(context);

    /// <summary>The methods of a path; null where it is not ours to say.</summary>
    private static string[]? Of(PathString path)
    {
        if (path.StartsWithSegments("/_blazor"))
            return null;
        if (RollupEndpoints.IsStream(path))
            return [HttpMethods.Get];
        var text = path.Value!.TrimEnd('/');
        return text.Equals(AccessControl.LoginPath, StringComparison.OrdinalIgnoreCase) ? [.. Read, HttpMethods.Post]
            : text.Equals(AccessControl.LogoutPath, StringComparison.OrdinalIgnoreCase) ? [HttpMethods.Post]
            : Read;
    }
}
