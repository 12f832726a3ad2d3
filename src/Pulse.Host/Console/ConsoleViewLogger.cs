using System.Globalization;

namespace Pulse.Host.Console;

/// <summary>
/// Logs to the <see cref="ConsoleView"/>, one line an entry: time, level, message. An exception's stack is for
/// debugging only; a person gets its message.
/// </summary>
internal sealed class ConsoleViewLoggerProvider(ConsoleView view) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new ConsoleViewLogger(view);

    public void Dispose()
    {
    }

    private sealed class ConsoleViewLogger(ConsoleView view) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            var time = DateTime.Now.ToString("HH:mm:ss", CultureInfo.InvariantCulture);
            var message = formatter(state, exception);
            if (exception is not null && !message.Contains(exception.Message, StringComparison.Ordinal))
                message = $"{message} {exception.Message}";
            view.WriteLine($"{time} {Name(logLevel)} {message.ReplaceLineEndings(" ")}");
        }

        private static string Name(LogLevel level) => level switch
        {
            LogLevel.Warning => "warn ",
            LogLevel.Error or LogLevel.Critical => "error",
            LogLevel.Information => "info ",
            _ => "debug",
        };
    }
}
