using Microsoft.Net.Http.Headers;

namespace Pulse.Host.Api;

/// <summary>Says of every text that it is UTF-8, and to caches that it may come compressed.</summary>
internal sealed class TextHeaders(RequestDelegate next)
{
    private const string Charset = "charset=";

    public Task InvokeAsync(HttpContext context)
    {
        context.Response.OnStarting(Complete, context.Response);
        return next(context);
    }

    private static Task Complete(object state)
    {
        var response = (HttpResponse)state;
        if (response.ContentType is not { } type || !IsText(type))
            return Task.CompletedTask;
        if (!type.Contains(Charset, StringComparison.OrdinalIgnoreCase))
            response.ContentType = $"{type}; {Charset}utf-8";
        // Said of the answer that came as it is, too: a cache would give it to whoever wants it compressed, and the other way round.
        if (!type.StartsWith(MediaTypes.EventStream, StringComparison.OrdinalIgnoreCase)
            && !response.Headers.GetCommaSeparatedValues(HeaderNames.Vary).Contains(HeaderNames.AcceptEncoding, StringComparer.OrdinalIgnoreCase))
            response.Headers.AppendCommaSeparatedValues(HeaderNames.Vary, HeaderNames.AcceptEncoding);
        return Task.CompletedTask;
    }

    private static bool IsText(string type)
    {
        var media = type.AsSpan()[..(type.IndexOf(';', StringComparison.Ordinal) is >= 0 and var end ? end : type.Length)].Trim();
        return media.StartsWith("text/", StringComparison.OrdinalIgnoreCase) || media.EndsWith("json", StringComparison.OrdinalIgnoreCase);
    }
}
