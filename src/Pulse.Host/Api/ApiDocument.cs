using Microsoft.OpenApi;

namespace Pulse.Host.Api;

/// <summary>What the OpenAPI document says beyond what the endpoints say by themselves.</summary>
internal static class ApiDocument
{
    public const string Path = "/openapi/v1.json";

    public static readonly (string Name, string Description)[] RollupQuery =
    [
        ("from", "Windows that end at or after this instant, ISO-8601, in the years 1970 to 9999; without a zone it is UTC."),
        ("to", "Windows that end before this instant, ISO-8601."),
        ("date", "UTC dates of window ends, such as 2026-01-31; repeat it or separate by commas, 200 at most."),
        ("hour", "Hours of window ends, 0 to 23; repeat it or separate by commas."),
        ("min", "Minutes of window ends, 0 to 59; repeat it or separate by commas."),
        ("newest", "Only so many of the newest windows in memory."),
        ("by", "key (default), window or cell (key and window, as in the result table)."),
        ("top", "Rows per page, 1 to 10000; default 100."),
        ("page", "The page, from 1."),
        ("format", "json or csv, instead of the header Accept."),
    ];

    public static void AddApiDocument(this IServiceCollection services) =>
        services.AddOpenApi("v1", options => options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Pulse",
                Version = "v1",
                Description = "Exact five-minute counts of a stream, while it flows. Any dimension of a rollup is a "
                    + "parameter that filters it, such as device_type=Mobile; repeat it for several values. "
                    + "Errors are problem+json and name the parameter.",
            };
            return Task.CompletedTask;
        }));

    public static RouteHandlerBuilder DescribeRollupParameters(this RouteHandlerBuilder builder, IReadOnlyCollection<string> once) =>
        builder.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Parameters ??= [];
            foreach (var (name, description) in RollupQuery.Where(known => once.Contains(known.Name) || RollupParameters.Lists.Contains(known.Name)))
                operation.Parameters.Add(new OpenApiParameter
                {
                    Name = name,
                    In = ParameterLocation.Query,
                    Description = description,
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                });
            return Task.CompletedTask;
        });
}
