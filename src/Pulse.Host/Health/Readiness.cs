using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Pulse.Host.Health;

/// <summary>What a readiness probe answers: the state, and a line for each reason. Anybody may ask, so no line names a place.</summary>
internal static class Readiness
{
    public static Task WriteAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync(string.Join(
            '\n',
            [$"{report.Status}", .. report.Entries.Values.Where(entry => entry.Description is not null).Select(entry => entry.Description)]));
    }
}
