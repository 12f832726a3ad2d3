namespace Pulse.Warehouse.BigQuery;

/// <summary>Where BigQuery is and how patiently it is used. The defaults are meant for production.</summary>
/// <param name="ProjectId">The Google Cloud project that owns the dataset and pays for the jobs.</param>
public sealed record BigQueryOptions(string ProjectId)
{
    /// <summary>The service's own address.</summary>
    public static Uri DefaultBaseUri { get; } = new("https://bigquery.googleapis.com/");

    /// <summary>The dataset; made where it is absent.</summary>
    public string DatasetId { get; init; } = "real_time_analytics";

    /// <summary>
    /// Where the dataset is to be, such as <c>EU</c> or <c>europe-west3</c>; null: where it is, or the service's default
    /// where it has to be made.
    /// </summary>
    public string? Location { get; init; }

    /// <summary>The root of the API: the service, a private endpoint or an emulator.</summary>
    public Uri BaseUri { get; init; } = DefaultBaseUri;

    /// <summary>How to prove who asks.</summary>
    public BigQueryCredentials Credentials { get; init; } = BigQueryCredentials.ApplicationDefault;

    /// <summary>Where a date's file waits to be sent; null: the system's directory for temporary files.</summary>
    public string? StagingDirectory { get; init; }

    /// <summary>The size of an upload's chunks in bytes; a multiple of 262,144.</summary>
    public int ChunkSize { get; init; } = 8 * 1024 * 1024;

    /// <summary>How often one request is sent in all before its failure counts; 1 to 20.</summary>
    public int RequestTries { get; init; } = 6;

    /// <summary>The pause before a request is sent again; it doubles each time, with some chance in it.</summary>
    public TimeSpan FirstRequestPause { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest pause before a request is sent again.</summary>
    public TimeSpan LongestRequestPause { get; init; } = TimeSpan.FromSeconds(32);

    /// <summary>How long one request may take.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How soon a job is asked after first; the interval grows up to <see cref="LongestPollInterval"/>.</summary>
    public TimeSpan FirstPollInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest interval between two questions about a job.</summary>
    public TimeSpan LongestPollInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How many new jobs one export of a date may start, where each ends in an error that may pass.</summary>
    public int JobAttempts { get; init; } = 4;

    /// <summary>The pause after the first job that ended in such an error; it doubles each time.</summary>
    public TimeSpan FirstJobPause { get; init; } = TimeSpan.FromSeconds(2);
}
