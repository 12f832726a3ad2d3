using System.Collections.Frozen;
using System.Net;
using Google;
using Google.Apis.Auth.OAuth2.Responses;
using Pulse.Warehouse.BigQuery.Data;

namespace Pulse.Warehouse.BigQuery;

/// <summary>Turns what BigQuery answers into one line for people, and tells what may pass from what will not.</summary>
internal static class BigQueryFailures
{
    // The reasons that BigQuery's documentation says to try again for, in requests and in jobs.
    private static readonly FrozenSet<string> Passing = FrozenSet.Create(
        StringComparer.Ordinal,
        "backendError", "internalError", "rateLimitExceeded", "tableUnavailable",
        "jobBackendError", "jobInternalError", "jobRateLimitExceeded");

    /// <summary>Whether a job's error may pass by itself.</summary>
    public static bool MayPass(ErrorProto error) => error.Reason is { } reason && Passing.Contains(reason);

    /// <summary>The exception for a job that ended in error.</summary>
    public static WarehouseException OfJob(string what, string jobId, ErrorProto error) => new(
        $"BigQuery could not load {what}: its job {jobId} ended with {error.Reason}: {OneLine(error.Message)}"
        + (MayPass(error) ? " It will be tried again." : " The job's details are in the Google Cloud console."),
        isPermanent: !MayPass(error));

    /// <summary>Runs requests and turns their failures into <see cref="WarehouseException"/>.</summary>
    public static async Task<T> Translated<T>(string doing, Func<Task<T>> requests, CancellationToken cancellationToken)
    {
        try
        {
            return await requests().ConfigureAwait(false);
        }
        catch (GoogleApiException exception)
        {
            throw Refused(doing, exception);
        }
        catch (TokenResponseException exception)
        {
            throw new WarehouseException(
                $"Google did not let this node in while {doing} ({exception.Error?.Error}: "
                + $"{OneLine(exception.Error?.ErrorDescription)}). Check the account behind "
                + "Pulse:Warehouse:BigQuery:CredentialsFile, or the application-default credentials.",
                exception, isPermanent: (int?)exception.StatusCode is null or < 500);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new WarehouseException(
                $"BigQuery did not answer while {doing} ({OneLine(exception.Message)}). Check the network and "
                + "Pulse:Warehouse:BigQuery:BaseUri.", exception);
        }
    }

    private static WarehouseException Refused(string doing, GoogleApiException exception)
    {
        var status = exception.HttpStatusCode;
        var reason = exception.Error?.Errors?.FirstOrDefault()?.Reason;
        var mayPass = status == HttpStatusCode.TooManyRequests || (int)status >= 500
            || (reason is not null && Passing.Contains(reason));
        var advice = status switch
        {
            _ when mayPass => "",
            HttpStatusCode.Unauthorized => " Check the credentials that this node uses.",
            HttpStatusCode.Forbidden => " The account needs roles/bigquery.dataEditor on the dataset and "
                + "roles/bigquery.jobUser on the project; see docs/bigquery.md.",
            HttpStatusCode.NotFound => " Check Pulse:Warehouse:BigQuery:ProjectId and Dataset.",
            _ => "",
        };
        return new WarehouseException(
            $"BigQuery refused while {doing} ({(int)status} {reason}: "
            + $"{OneLine(exception.Error?.Message ?? exception.Message)}).{advice}",
            exception, isPermanent: !mayPass);
    }

    private static string OneLine(string? text) => (text ?? "no reason given").ReplaceLineEndings(" ").Trim();
}
