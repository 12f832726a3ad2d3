using Google.Apis.Util;

namespace Pulse.Warehouse.BigQuery;

/// <summary>
/// The pauses between the tries of one request: each twice the one before, with a quarter of chance in it, so that
/// several clients that failed together do not come back together.
/// </summary>
internal sealed class GrowingPause(BigQueryOptions options) : IBackOff
{
    private const double Chance = 0.25;

    public int MaxNumOfRetries => options.RequestTries;

    public TimeSpan GetNextBackOff(int currentRetry)
    {
        var doublings = Math.Clamp(currentRetry - 1, 0, 20);
        var chance = 1 - (Chance * Random.Shared.NextDouble());
        var pause = options.FirstRequestPause * (1L << doublings) * chance;
        return pause < options.LongestRequestPause ? pause : options.LongestRequestPause * chance;
    }
}
