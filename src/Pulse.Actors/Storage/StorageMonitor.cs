using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Akka.Event;

namespace Pulse.Actors.Storage;

/// <summary>
/// Renews the node's row in storage, one renewal at a time, and keeps a <see cref="StorageAvailability"/> true: a database that answers
/// and takes no writes is of no use. A renewal also finds a session that can't write, and has it closed, where nothing else is written.
/// One per node.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "An actor ends in PostStop, which disposes.")]
internal sealed class StorageMonitor : ReceiveActor, IWithTimers
{
    /// <summary>From the end of one renewal to the start of the next.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Func<CancellationToken, Task> _renew;
    private readonly Func<CancellationToken, Task> _remove;
    private readonly TimeSpan _limit;
    private readonly CancellationTokenSource _stopping = new();
    private IActorRef? _leaver;
    private bool _isRenewing;

    /// <summary>For <see cref="Props"/>, which makes it by reflection.</summary>
    /// <param name="renew">Renews the row: <see cref="NodeRegister.RenewAsync"/>.</param>
    /// <param name="remove">Removes it: <see cref="NodeRegister.RemoveAsync"/>.</param>
    /// <param name="limit">How long that may take.</param>
    /// <param name="availability">What to keep true.</param>
    public StorageMonitor(
        Func<CancellationToken, Task> renew, Func<CancellationToken, Task> remove, TimeSpan limit, StorageAvailability availability)
    {
        (_renew, _remove, _limit) = (renew, remove, limit);
        var outages = new StorageOutageLog(availability, StorageActivity.Renewing, Context.GetLogger());
        Receive<RenewNow>(_ => Renew());
        Receive<Status.Success>(_ =>
        {
            outages.Succeeded();
            GoOn();
        });
        Receive<Status.Failure>(failure =>
        {
            if (failure.Cause is StorageException fault)
                outages.Failed(fault);
            else if (failure.Cause is not OperationCanceledException)
                OwnFault.Publish(Context.System.EventStream, "Renewing the node's row in storage", failure.Cause);
            GoOn();
        });
        Receive<Leave>(_ =>
        {
            _leaver = Sender;
            if (!_isRenewing)
                GoOn();
        });
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart() => Renew();

    /// <inheritdoc />
    protected override void PostStop()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private void Renew()
    {
        _isRenewing = true;
        InTimeAsync(_renew).PipeTo(Self, success: () => new Status.Success(null), failure: cause => new Status.Failure(cause));
    }

    private void GoOn()
    {
        _isRenewing = false;
        if (_leaver is null)
        {
            Timers.StartSingleTimer(RenewNow.Instance, RenewNow.Instance, Interval);
            return;
        }

        // A row that stays is removed when it is stale.
        Timers.CancelAll();
        InTimeAsync(_remove).PipeTo(_leaver, success: () => Akka.Done.Instance, failure: _ => Akka.Done.Instance);
    }

    private async Task InTimeAsync(Func<CancellationToken, Task> write)
    {
        var stopping = _stopping.Token;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(_limit);
        try
        {
            // Not every driver heeds the token while it waits, so the wait itself is limited too.
            await write(limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            throw new StorageException(
                $"Storage did not answer within {_limit.TotalSeconds} s. Check that it runs and is not overloaded.",
                isTransient: true);
        }
    }

    /// <summary>Removes the node's row and renews it no more; answered by <see cref="Akka.Done"/>.</summary>
    internal sealed class Leave : INoSerializationVerificationNeeded
    {
        public static readonly Leave Instance = new();
    }

    private sealed class RenewNow : INoSerializationVerificationNeeded
    {
        public static readonly RenewNow Instance = new();
    }
}
