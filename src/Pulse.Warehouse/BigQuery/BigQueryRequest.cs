using Google.Apis.Discovery;
using Google.Apis.Requests;
using Google.Apis.Services;
using Google.Apis.Util;

namespace Pulse.Warehouse.BigQuery;

/// <summary>One call of the API.</summary>
/// <param name="service">The service.</param>
/// <param name="method">Its name in the API's reference, such as <c>tables.get</c>.</param>
/// <param name="httpMethod">The verb.</param>
/// <param name="path">Below the base URI, already escaped.</param>
/// <param name="body">What to send as JSON, if anything.</param>
internal sealed class BigQueryRequest<TResponse>(
    IClientService service, string method, string httpMethod, string path, object? body = null)
    : ClientServiceRequest<TResponse>(service)
{
    private const string LocationParameter = "location";
    private const string TimeoutParameter = "timeoutMs";

    public override string MethodName => method;

    public override string HttpMethod => httpMethod;

    public override string RestPath => path;

    /// <summary>Where the job is, in calls about one.</summary>
    [RequestParameter(LocationParameter, RequestParameterType.Query)]
    public string? Location { get; init; }

    /// <summary>How long the service may wait for the job, in milliseconds.</summary>
    [RequestParameter(TimeoutParameter, RequestParameterType.Query)]
    public long? TimeoutMs { get; init; }

    protected override object GetBody() => body!;

    protected override void InitParameters()
    {
        base.InitParameters();
        foreach (var name in (string[])[LocationParameter, TimeoutParameter])
            RequestParameters[name] = new Parameter { Name = name, ParameterType = "query", IsRequired = false };
    }

    /// <summary>The request, ready to be sent.</summary>
    public BigQueryRequest<TResponse> Ready()
    {
        InitParameters();
        return this;
    }
}
