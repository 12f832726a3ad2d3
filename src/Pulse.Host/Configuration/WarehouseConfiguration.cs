using System.Text.RegularExpressions;
using Pulse.Warehouse;
using Pulse.Warehouse.BigQuery;

namespace Pulse.Host.Configuration;

/// <summary>Where exports go, checked: Parquet files, or BigQuery where its options are there.</summary>
/// <param name="Directory">The directory of Parquet files, absolute.</param>
/// <param name="BigQuery">BigQuery; null: Parquet files.</param>
internal sealed partial record WarehouseConfiguration(string Directory, BigQueryOptions? BigQuery)
{
    private const string Section = "Pulse:Warehouse";
    private const string BigQuerySection = Section + ":BigQuery";

    /// <summary>Makes the warehouse; contacts nobody.</summary>
    public IWarehouse Create() => BigQuery is { } bigQuery
        ? new BigQueryWarehouse(bigQuery)
        : new ParquetWarehouse(Directory);

    /// <summary>Reads the section, adding one line for each mistake.</summary>
    public static WarehouseConfiguration Read(WarehouseOptions options, string directory, List<string> mistakes)
    {
        var given = options.BigQuery;
        var isBigQuery = IsBigQuery(options, mistakes);
        if (isBigQuery && options.Directory is not null)
            mistakes.Add($"{Section}:Directory is for Parquet files, but the warehouse is BigQuery; leave one of them out.");
        if (!isBigQuery)
            return new WarehouseConfiguration(directory, null);

        if (given.ProjectId is null || !ProjectName().IsMatch(given.ProjectId))
            mistakes.Add($"{BigQuerySection}:ProjectId is '{given.ProjectId}'; name the Google Cloud project, such as my-project-123.");
        if (!DatasetName().IsMatch(given.Dataset))
            mistakes.Add($"{BigQuerySection}:Dataset is '{given.Dataset}'; use letters, digits and underscores.");
        if (given.Location is { } location && !LocationName().IsMatch(location))
            mistakes.Add($"{BigQuerySection}:Location is '{location}'; use a place such as EU, US or europe-west3.");
        var baseUri = BaseUri(given, mistakes);
        var credentials = Credentials(given, baseUri, mistakes);
        return new WarehouseConfiguration(directory, new BigQueryOptions(given.ProjectId ?? "")
        {
            DatasetId = given.Dataset,
            Location = given.Location,
            BaseUri = baseUri,
            Credentials = credentials,
            StagingDirectory = given.StagingDirectory is { } staging
                ? ConfiguredPath.Full(staging, $"{BigQuerySection}:StagingDirectory", mistakes)
                : null,
        });
    }

    private static bool IsBigQuery(WarehouseOptions options, List<string> mistakes)
    {
        switch (options.Kind?.ToUpperInvariant())
        {
            case null:
                return options.BigQuery.ProjectId is not null;
            case "PARQUET":
                return false;
            case "BIGQUERY":
                return true;
            default:
                mistakes.Add($"{Section}:Kind is '{options.Kind}'; use Parquet or BigQuery.");
                return false;
        }
    }

    private static Uri BaseUri(BigQuerySection given, List<string> mistakes)
    {
        if (given.BaseUri is not { } text)
            return BigQueryOptions.DefaultBaseUri;
        if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            && uri is { Query: "", Fragment: "", UserInfo: "" })
            return uri.AbsoluteUri.EndsWith('/') ? uri : new Uri(uri.AbsoluteUri + "/");
        mistakes.Add($"{BigQuerySection}:BaseUri is no root of an API; use https://host/ without a query or a user name.");
        return BigQueryOptions.DefaultBaseUri;
    }

    private static BigQueryCredentials Credentials(BigQuerySection given, Uri baseUri, List<string> mistakes)
    {
        var kind = given.Credentials?.ToUpperInvariant() ?? (given.CredentialsFile is null ? "DEFAULT" : "FILE");
        if (kind is "FILE" != given.CredentialsFile is not null)
            mistakes.Add($"{BigQuerySection}:Credentials is '{given.Credentials}' and CredentialsFile is "
                + $"{(given.CredentialsFile is null ? "not given" : "given")}; File and a file's path belong together.");
        else if (kind is "FILE" && !File.Exists(given.CredentialsFile))
            mistakes.Add($"{BigQuerySection}:CredentialsFile is '{given.CredentialsFile}', where no file is.");
        if (kind is not "NONE" && baseUri is { Scheme: "http", IsLoopback: false })
            mistakes.Add($"{BigQuerySection}:BaseUri is {baseUri}: credentials would travel in clear text; use https, or "
                + "Credentials None for an emulator.");
        if (kind is "NONE" && baseUri == BigQueryOptions.DefaultBaseUri)
            mistakes.Add($"{BigQuerySection}:Credentials is None, which only an emulator takes; name it in BaseUri.");
        switch (kind)
        {
            case "FILE":
                // That it is absent, or no path, is told above.
                return BigQueryCredentials.FromFile(File.Exists(given.CredentialsFile) ? Path.GetFullPath(given.CredentialsFile) : "");
            case "NONE":
                return BigQueryCredentials.None;
            case "DEFAULT":
                return BigQueryCredentials.ApplicationDefault;
            default:
                mistakes.Add($"{BigQuerySection}:Credentials is '{given.Credentials}'; use Default, File or None.");
                return BigQueryCredentials.None;
        }
    }

    // Also the old form with a domain before it: example.com:my-project.
    [GeneratedRegex(@"^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]\z")]
    private static partial Regex ProjectName();

    [GeneratedRegex(@"^[A-Za-z0-9_]{1,1024}\z")]
    private static partial Regex DatasetName();

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9-]{1,40}\z")]
    private static partial Regex LocationName();
}
