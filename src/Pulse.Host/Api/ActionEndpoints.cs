using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Actions;

namespace Pulse.Host.Api;

/// <summary><c>GET /api/actions</c>: what operators did to the database.</summary>
internal static class ActionEndpoints
{
    private const int DefaultTop = 100;

    public static void Map(WebApplication application) =>
        application.MapGet("/api/actions", async (HttpRequest request, ActionLog actions, CancellationToken token) =>
            {
                var top = (long)DefaultTop;
                long? before = null;
                if (PageParameters.Read(
                    request.Query, ("top", ActionLog.MaximumRead, number => top = number), ("before", long.MaxValue, number => before = number)) is { } wrong)
                    return wrong;
                try
                {
                    return TypedResults.Ok(new ActionList(await actions.ReadAsync((int)top, before, token)));
                }
                catch (StorageException exception)
                {
                    return ApiProblem.Unavailable(exception.Message);
                }
            })
            .Takes("top", "before")
            .WithName("ReadActions").WithTags("Operations")
            .WithSummary("What operators did (rebuild, accept-stream, accept-cut), newest first; top=1 to 1000, before=a number of an action.")
            .Produces<ActionList>()
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    /// <summary>What operators did.</summary>
    /// <param name="Items">Newest first.</param>
    private sealed record ActionList(IReadOnlyList<OperatorAction> Items);
}
