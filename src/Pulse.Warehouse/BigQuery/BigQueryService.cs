using Google.Apis.Services;

namespace Pulse.Warehouse.BigQuery;

/// <summary>BigQuery's REST API, version 2, as Google's client library wants to be told of it.</summary>
internal sealed class BigQueryService(BaseClientService.Initializer initializer, Uri root) : BaseClientService(initializer)
{
    /// <summary>May do everything in BigQuery that the account may.</summary>
    public const string Scope = "https://www.googleapis.com/auth/bigquery";

    public override string Name => "bigquery";

    public override string BasePath => "bigquery/v2/";

    public override string BaseUri { get; } = new Uri(root, "bigquery/v2/").AbsoluteUri;

    public override IList<string> Features => [];
}
