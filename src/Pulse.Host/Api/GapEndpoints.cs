using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Gaps;

namespace Pulse.Host.Api;

/// <summary><c>GET /api/gaps</c>: the offsets that the counts lack, or have from a log that was cut.</summary>
internal static class GapEndpoints
{
    private const int DefaultTop = 100;
    private const int MaximumPage = 1_000_000;

    public static void Map(WebApplication application) =>
        application.MapGet("/api/gaps", async (HttpRequest request, GapReader gaps, CancellationToken token) =>
            {
                var (top, page) = ((long)DefaultTop, 1L);
                if (PageParameters.Read(
                    request.Query, ("top", GapReader.MaximumRead, number => top = number), ("page", MaximumPage, number => page = number)) is { } wrong)
                    return wrong;
                try
                {
                    return TypedResults.Ok(new GapList(await gaps.ReadAsync((int)((page - 1) * top), (int)top, token)));
                }
                catch (StorageException exception)
                {
                    return ApiProblem.Unavailable(exception.Message);
                }
            })
            .Takes("top", "page")
            .WithName("ReadGaps").WithTags("Operations")
            .WithSummary("The stored gaps: offsets that retention took before they were counted, or that were counted from a log that was cut; newest first, top=1 to 1000, page from 1.")
            .Produces<GapList>()
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    /// <summary>The stored gaps, each once however many buckets have it.</summary>
    /// <param name="Items">Newest first.</param>
    private sealed record GapList(IReadOnlyList<GapRange> Items);
}
