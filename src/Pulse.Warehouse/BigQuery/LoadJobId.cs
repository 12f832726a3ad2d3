using System.Globalization;
using Pulse.Counting;

namespace Pulse.Warehouse.BigQuery;

/// <summary>
/// The names of load jobs. The service lets a name be used once, so the same rows of the same date are never two jobs;
/// only after a job has ended in error comes the next attempt's.
/// </summary>
internal static class LoadJobId
{
    // Enough that two contents never share a name, short enough to be read aloud.
    private const int DigestDigits = 32;

    public static string Of(Rollup rollup, DateOnly date, string digest, int attempt) => string.Create(
        CultureInfo.InvariantCulture, $"pulse_{rollup.Name}_{date:yyyyMMdd}_{digest[..DigestDigits]}_{attempt}");
}
