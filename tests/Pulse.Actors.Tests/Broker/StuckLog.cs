using Microsoft.Extensions.Logging;
using Pulse.Actors.Broker;

namespace Pulse.Actors.Tests.Broker;

/// <summary>
/// A log that keeps the polling thread when it writes to it, until it is disposed of: a client whose callback does not come back
/// is stuck. The client's own threads write to it as well, and go on.
/// </summary>
internal sealed class StuckLog : ILogger, IDisposable
{
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _free = new();

    /// <summary>Completes when somebody is stuck.</summary>
    public Task Entered => _entered.Task;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (Thread.CurrentThread.Name != TopicReader.ThreadName)
            return;
        _entered.TrySetResult();
        _free.Wait();
    }

    public void Dispose() => _free.Set();
}
