using Pulse.Host.Dashboard;

namespace Pulse.Host.Api;

/// <summary><c>GET /api/deadletters</c>: the newest records that were no viewing events.</summary>
internal static class DeadLetterEndpoints
{
    private const int DefaultTop = 20;

    public static void Map(WebApplication application) =>
        application.MapGet("/api/deadletters", async (HttpRequest request, DeadLetterReader reader, CancellationToken token) =>
            {
                var top = (long)DefaultTop;
                if (PageParameters.Read(request.Query, ("top", DeadLetterReader.Maximum, number => top = number)) is { } wrong)
                    return wrong;
                var letters = await reader.NewestAsync(token);
                return letters.Problem is { } problem
                    ? (IResult)ApiProblem.Unavailable(problem)
                    : TypedResults.Ok(letters with { Items = [.. letters.Items.Take((int)top)] });
            })
            .Takes("top")
            .WithName("ReadDeadLetters").WithTags("Operations")
            .WithSummary("The newest dead letters with their reason and where they came from; top=1 to 100.")
            .Produces<DeadLetters>()
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
}
