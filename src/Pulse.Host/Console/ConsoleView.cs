namespace Pulse.Host.Console;

/// <summary>
/// The process's standard output: log lines, and on a terminal one status line below them that is redrawn in place.
/// Thread-safe.
/// </summary>
internal sealed class ConsoleView
{
    private readonly Lock _gate = new();
    private readonly TextWriter _output;
    private string _status = "";

    /// <param name="output">Where to write.</param>
    /// <param name="isTerminal">Whether a line can be redrawn there.</param>
    public ConsoleView(TextWriter output, bool isTerminal)
    {
        _output = output;
        IsTerminal = isTerminal;
    }

    /// <summary>Whether a status line is shown; otherwise only lines are written.</summary>
    public bool IsTerminal { get; }

    /// <summary>Standard output as it is.</summary>
    public static ConsoleView Standard() =>
        new(System.Console.Out, !System.Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb");

    /// <summary>Writes one or several lines above the status line.</summary>
    public void WriteLine(string text = "")
    {
        lock (_gate)
        {
            Erase();
            _output.WriteLine(text);
            Draw();
        }
    }

    /// <summary>Replaces the status line; does nothing where it can't be redrawn. Empty removes it.</summary>
    public void SetStatus(string status)
    {
        if (!IsTerminal)
            return;
        lock (_gate)
        {
            Erase();
            _status = status;
            Draw();
        }
    }

    private void Erase()
    {
        if (_status.Length > 0)
            _output.Write("\r\x1b[2K");
    }

    private void Draw()
    {
        if (_status.Length == 0)
            return;
        var width = Math.Max(20, System.Console.WindowWidth - 1);
        _output.Write(_status.Length > width ? _status[..width] : _status);
        _output.Flush();
    }
}
