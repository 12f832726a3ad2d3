using System.Text.Json.Serialization;
using Microsoft.AspNetCore.ResponseCompression;
using Pulse.Actors.Hosting;
using Pulse.Host.Access;
using Pulse.Host.Configuration;
using Pulse.Host.Dashboard;

namespace Pulse.Host.Api;

/// <summary>Adds the API, with access control, to a node.</summary>
internal static class ApiHosting
{
    /// <summary>Registers what the API needs beside the node's own services.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="http">Where and to whom.</param>
    /// <param name="settings">The node's settings.</param>
    /// <param name="keyDirectory">Where the keys of cookies and forms are kept.</param>
    public static void AddApi(
        this IServiceCollection services, HttpSettings http, PulseSettings settings, string keyDirectory)
    {
        services.AddAccessControl(http, keyDirectory);
        services.AddApiDocument();
        services.AddProblemDetails();
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.Converters.Add(new JsonStringEnumConverter()));
        services.AddResponseCompression(compression =>
            compression.MimeTypes = [.. ResponseCompressionDefaults.MimeTypes, MediaTypes.Csv]);
        services.AddSingleton<StoredGaps>();
        services.AddSingleton<Exports>();
        services.AddSingleton(new DeadLetterReader(settings.Kafka));
    }

    /// <summary>Maps the API and everything that a request passes before it.</summary>
    public static void MapApi(this WebApplication application)
    {
        application.UseMiddleware<TextHeaders>();
        application.UseExceptionHandler();
        application.UseAccessControl();
        application.UseMiddleware<MethodRules>();
        application.UseResponseCompression();
        application.MapStatus();
        RollupEndpoints.Map(application);
        ClusterEndpoints.Map(application);
        ExportEndpoints.Map(application);
        DeadLetterEndpoints.Map(application);
        GapEndpoints.Map(application);
        ActionEndpoints.Map(application);
        application.MapGet("/api/{**rest}", (string? rest) =>
                ApiProblem.NotFound("path", $"There is no /api/{rest}; {ApiDocument.Path} lists what there is."))
            .ExcludeFromDescription();
        application.MapOpenApi(ApiDocument.Path);
    }
}
