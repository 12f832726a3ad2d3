using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Gaps;

namespace Pulse.Host;

/// <summary>Keeps <see cref="StoredGaps"/> true. While storage is away they stay as they were: that it is away is said by others.</summary>
internal sealed class GapReading(GapReader reader, StoredGaps gaps) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            do
                await ReadAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The node ends.
        }
    }

    private async Task ReadAsync(CancellationToken stoppingToken)
    {
        try
        {
            gaps.Sums = await reader.SumAsync(stoppingToken);
        }
        catch (StorageException)
        {
            // Next time.
        }
    }
}
