using System.Diagnostics;

namespace Pulse.Benchmarks.Dashboards;

/// <summary>Asks the API so many questions a second, whether or not the ones before were answered.</summary>
/// <param name="client">The node.</param>
/// <param name="perSecond">How many.</param>
internal sealed class RequestLoad(HttpClient client, int perSecond)
{
    private const int MaximumUnderWay = 256;

    private static readonly string[] Questions =
    [
        "/api/rollups/viewsByDeviceGenre?newest=12", "/api/rollups/viewsByGenderAgeGroup?newest=12&by=window",
        "/api/rollups/viewsByLocationMR?newest=1&top=50", "/api/rollups/viewsByDeviceGenre?newest=3&device_type=Mobile",
        "/api/rollups/viewsByLocationMR?newest=12&format=csv", "/api/status", "/api/cluster",
    ];

    private readonly List<double> _milliseconds = [];
    private int _underWay;
    private long _failed;

    /// <summary>Answers so far, and how many were none.</summary>
    public (long Answered, long Failed) Counts
    {
        get
        {
            lock (_milliseconds)
                return (_milliseconds.Count, _failed);
        }
    }

    /// <summary>How long an answer took, in milliseconds, at the given part of all.</summary>
    public double Quantile(double part)
    {
        lock (_milliseconds)
            return Quantiles.Of(_milliseconds, part);
    }

    public async Task RunAsync(CancellationToken stop)
    {
        var watch = Stopwatch.StartNew();
        var asked = 0L;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!stop.IsCancellationRequested)
        {
            for (var due = (long)(watch.Elapsed.TotalSeconds * perSecond); asked < due; asked++)
            {
                if (Volatile.Read(ref _underWay) < MaximumUnderWay)
                    _ = AskAsync(Questions[asked % Questions.Length]);
                else
                    Interlocked.Increment(ref _failed);
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private async Task AskAsync(string question)
    {
        Interlocked.Increment(ref _underWay);
        var start = Stopwatch.GetTimestamp();
        try
        {
            using var answer = await client.GetAsync(question);
            if (!answer.IsSuccessStatusCode)
                Interlocked.Increment(ref _failed);
        }
        catch (HttpRequestException)
        {
            Interlocked.Increment(ref _failed);
        }

        lock (_milliseconds)
            _milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        Interlocked.Decrement(ref _underWay);
    }
}
