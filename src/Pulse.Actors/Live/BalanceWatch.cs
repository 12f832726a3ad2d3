using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Akka.Event;

namespace Pulse.Actors.Live;

/// <summary>
/// Keeps <see cref="Balances"/> true: asks storage, one question at a time and never two within a few seconds, and says it where
/// a rollup does not balance. One per node.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "An actor ends in PostStop, which disposes.")]
internal sealed class BalanceWatch : ReceiveActor, IWithTimers
{
    /// <summary>From the end of one question to the next.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly Func<CancellationToken, Task<IReadOnlyList<RollupBalance>>> _read;
    private readonly Balances _balances;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>For <see cref="Props"/>, which makes it by reflection.</summary>
    /// <param name="read">Reads the balance of the rollups that are at a cut; it may take its time before it returns its task.</param>
    /// <param name="balances">What to keep true.</param>
    public BalanceWatch(Func<CancellationToken, Task<IReadOnlyList<RollupBalance>>> read, Balances balances)
    {
        (_read, _balances) = (read, balances);
        Receive<ReadNow>(_ => Read());
        Receive<Seen>(Handle);
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart() => ReadLater();

    /// <inheritdoc />
    protected override void PostStop()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    // The driver of SQLite does its work before it returns.
    private void Read()
    {
        var stopping = _stopping.Token;
        Task.Run(() => _read(stopping), stopping)
            .PipeTo(Self, success: balances => new Seen(balances, null), failure: cause => new Seen([], cause));
    }

    private void ReadLater() => Timers.StartSingleTimer(ReadNow.Instance, ReadNow.Instance, Interval);

    private void Handle(Seen message)
    {
        // That storage is away, or a row can't be read, is said by others; the last cut stays as it was seen.
        if (message.Cause is { } cause)
            _log.Debug("The balance waits for storage: {0}", cause.GetBaseException().Message);
        foreach (var balance in message.Balances.Where(_balances.Saw))
            _log.Log(balance.IsFault ? LogLevel.ErrorLevel : LogLevel.WarningLevel, null, "{0}", balance.Problem);
        ReadLater();
    }

    private sealed record ReadNow : INoSerializationVerificationNeeded
    {
        public static ReadNow Instance { get; } = new();
    }

    private sealed record Seen(IReadOnlyList<RollupBalance> Balances, Exception? Cause) : INoSerializationVerificationNeeded;
}
