using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Akka.Event;

namespace Pulse.Actors.Storage;

/// <summary>
/// Pings storage, one ping at a time, and keeps a <see cref="StorageAvailability"/> true. One per node.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "An actor ends in PostStop, which disposes.")]
public sealed class StorageMonitor : ReceiveActor, IWithTimers
{
    /// <summary>From the end of one ping to the start of the next.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>How long a ping may take before storage counts as away.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    private readonly Func<CancellationToken, Task> _ping;
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>For <see cref="Props"/>, which makes it by reflection.</summary>
    public StorageMonitor(Func<CancellationToken, Task> ping, StorageAvailability availability)
    {
        _ping = ping;
        var outages = new StorageOutageLog(availability, StorageActivity.Pinging, Context.GetLogger());
        Receive<PingNow>(_ => Ping());
        Receive<Status.Success>(_ =>
        {
            outages.Succeeded();
            PingLater();
        });
        Receive<Status.Failure>(failure =>
        {
            outages.Failed(failure.Cause);
            PingLater();
        });
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Makes the actor.</summary>
    /// <param name="ping">Asks storage for a sign of life: <see cref="ResultStore.PingAsync"/>.</param>
    /// <param name="availability">What to keep true.</param>
    public static Props Props(Func<CancellationToken, Task> ping, StorageAvailability availability) =>
        Akka.Actor.Props.Create(() => new StorageMonitor(ping, availability));

    /// <inheritdoc />
    protected override void PreStart() => Self.Tell(PingNow.Instance);

    /// <inheritdoc />
    protected override void PostStop()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private void Ping() => PingInTimeAsync(_stopping.Token).PipeTo(
        Self, success: () => new Status.Success(null), failure: cause => new Status.Failure(cause));

    private void PingLater() => Timers.StartSingleTimer(PingNow.Instance, PingNow.Instance, Interval);

    private async Task PingInTimeAsync(CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(Timeout);
        try
        {
            // Not every driver heeds the token while it waits, so the wait itself is limited too.
            await _ping(limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            throw new StorageException(
                $"Storage did not answer within {Timeout.TotalSeconds} s. Check that it runs and is not overloaded.",
                isTransient: true);
        }
    }

    private sealed class PingNow : INoSerializationVerificationNeeded
    {
        public static readonly PingNow Instance = new();
    }
}
