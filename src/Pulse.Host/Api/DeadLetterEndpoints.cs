using System.Globalization;
using Pulse.Host.Dashboard;

namespace Pulse.Host.Api;

/// <summary><c>GET /api/deadletters</c>: the newest records that were no viewing events.</summary>
internal static class DeadLetterEndpoints
{
    private const int DefaultTop = 20;

    public static void Map(WebApplication application) =>
        application.MapGet("/api/deadletters", async (HttpRequest request, DeadLetterReader reader, CancellationToken token) =>
            {
                var top = DefaultTop;
                foreach (var (name, value) in request.Query)
                {
                    if (name != "top")
                        return ApiProblem.Parameter(name, $"'{name}' is no parameter here; known is top.");
                    if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out top)
                        || top is < 1 or > DeadLetterReader.Maximum)
                        return ApiProblem.Parameter(
                            name, $"'top' must be a whole number from 1 to {DeadLetterReader.Maximum}.");
                }

                var letters = await reader.NewestAsync(token);
                return letters.Problem is { } problem
                    ? (IResult)ApiProblem.Unavailable(problem)
                    : TypedResults.Ok(letters with { Items = [.. letters.Items.Take(top)] });
            })
            .WithName("ReadDeadLetters").WithTags("Operations")
            .WithSummary("The newest dead letters with their reason and where they came from; top=1 to 100.")
            .Produces<DeadLetters>()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
}
