using Google.Apis.Auth.OAuth2;
using Google.Apis.Http;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace Pulse.Warehouse.BigQuery;

/// <summary>How to prove to BigQuery who asks. Never says a secret.</summary>
public sealed class BigQueryCredentials
{
    // What a key file may be: anything else is a mistake, or a trap set in a configuration that others can write to.
    private static readonly string[] KnownTypes =
    [
        JsonCredentialParameters.ServiceAccountCredentialType,
        JsonCredentialParameters.ExternalAccountCredentialType,
        JsonCredentialParameters.ExternalAccountAuthorizedUserCredentialType,
        JsonCredentialParameters.ImpersonatedServiceAccountCredentialType,
        JsonCredentialParameters.AuthorizedUserCredentialType,
    ];

    private readonly string? _file;
    private readonly bool _isNone;

    private BigQueryCredentials(string description, string? file, bool isNone)
    {
        Description = description;
        _file = file;
        _isNone = isNone;
    }

    /// <summary>
    /// Whatever the environment offers: the file named by <c>GOOGLE_APPLICATION_CREDENTIALS</c>, the login of the gcloud
    /// command, or the account of the virtual machine or Kubernetes pod (workload identity).
    /// </summary>
    public static BigQueryCredentials ApplicationDefault { get; } = new("application-default credentials", null, false);

    /// <summary>None: for emulators.</summary>
    public static BigQueryCredentials None { get; } = new("no credentials", null, true);

    /// <summary>For people, without any secret.</summary>
    public string Description { get; }

    /// <summary>A JSON file: a service account's key, or a workload identity federation's configuration.</summary>
    /// <param name="path">The file; read when first needed.</param>
    public static BigQueryCredentials FromFile(string path) => new($"credentials in {path}", path, false);

    /// <summary>What signs the requests; null for none.</summary>
    /// <exception cref="WarehouseException">There are none, or the file is not what it should be.</exception>
    internal async Task<IConfigurableHttpClientInitializer?> ResolveAsync(CancellationToken cancellationToken)
    {
        if (_isNone)
            return null;
        var credential = _file is null
            ? await FromEnvironmentAsync(cancellationToken).ConfigureAwait(false)
            : await FromFileAsync(_file, cancellationToken).ConfigureAwait(false);
        return credential.IsCreateScopedRequired || _file is not null
            ? credential.CreateScoped(BigQueryService.Scope)
            : credential;
    }

    private static async Task<GoogleCredential> FromEnvironmentAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await GoogleCredential.GetApplicationDefaultAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or JsonException)
        {
            throw new WarehouseException(
                "There are no application-default credentials for BigQuery here. Set Pulse:Warehouse:BigQuery:CredentialsFile, "
                + "or GOOGLE_APPLICATION_CREDENTIALS, or run as an account of Google Cloud that has access.",
                exception, isPermanent: true);
        }
    }

    private static async Task<GoogleCredential> FromFileAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            var json = await File.ReadAllTextAsync(path, cancellationToken).ConfigureAwait(false);
            var type = (string?)JObject.Parse(json)["type"];
            if (!KnownTypes.Contains(type, StringComparer.Ordinal))
                throw new WarehouseException(
                    $"The credentials file {path} has the type '{type}'; use a service account's key or a workload identity "
                    + "federation's configuration as Google Cloud hands them out.", isPermanent: true);
            return CredentialFactory.FromJson(json, type);
        }
        // None of these messages is passed on as it is: a parser's may repeat a piece of the key.
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException
            or ArgumentException or System.Security.Cryptography.CryptographicException)
        {
            throw new WarehouseException(
                $"The credentials file {path} is not what Google Cloud hands out: it can't be understood as a key or as a "
                + "workload identity federation's configuration. Fetch it anew.", isPermanent: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new WarehouseException(
                $"The credentials file {path} can't be read ({exception.Message}). Check "
                + "Pulse:Warehouse:BigQuery:CredentialsFile and the file's rights.", exception, isPermanent: true);
        }
    }
}
