using Pulse.Host.Dashboard;

namespace Pulse.Host.Api;

/// <summary><c>GET /api/exports</c>: what the coordinator does.</summary>
internal static class ExportEndpoints
{
    public static void Map(WebApplication application) =>
        application.MapGet("/api/exports", async (Exports exports, CancellationToken token) =>
                await exports.StateAsync(token) is { } state
                    ? (IResult)TypedResults.Ok(state)
                    : ApiProblem.Unavailable("The coordinator does not answer; it is starting or moving to another node."))
            .Takes()
            .WithName("ReadExports").WithTags("Operations")
            .WithSummary("The export that runs, how far it is, and how the last one ended.")
            .Produces<Pulse.Actors.Coordination.ExportState>()
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
}
