using System.Runtime.InteropServices;

namespace Pulse.Host;

/// <summary>
/// That somebody asks this process to end: an orchestrator, or a person at the keyboard. Heard from the first moment on, when there is no
/// host yet that would; what is starting decides when it can end in good order.
/// </summary>
internal sealed class EndRequest : IDisposable
{
    private static readonly PosixSignal[] Signals = [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT];

    private readonly CancellationTokenSource _requested = new();
    private readonly PosixSignalRegistration[] _registrations;

    /// <summary>Begins to listen.</summary>
    public EndRequest() => _registrations = [.. Signals.Select(signal => PosixSignalRegistration.Create(signal, Hear))];

    /// <summary>Is cancelled when somebody asks.</summary>
    public CancellationToken Token => _requested.Token;

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _requested.Dispose();
    }

    private void Hear(PosixSignalContext signal)
    {
        signal.Cancel = true;
        // Whoever waits for the end goes on on a thread of its own: this one is the runtime's, for all signals.
        _ = _requested.CancelAsync();
    }
}
