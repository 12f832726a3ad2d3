using Microsoft.Extensions.Logging;
using Pulse.Host.Console;

namespace Pulse.Host.Tests.Console;

public sealed class ConsoleViewTests : IDisposable
{
    private const string EraseLine = "\r\x1b[2K";
    private readonly StringWriter _output = new() { NewLine = "\n" };

    [Fact]
    public void Where_nothing_can_be_redrawn_there_is_no_status_line()
    {
        var view = new ConsoleView(_output, isTerminal: false);

        view.SetStatus("5 events/s");
        view.WriteLine("one");

        Assert.Equal("one\n", _output.ToString());
    }

    [Fact]
    public void Lines_go_above_the_status_line_of_a_terminal()
    {
        var view = new ConsoleView(_output, isTerminal: true);

        view.SetStatus("5 events/s");
        view.WriteLine("one");
        view.SetStatus("6 events/s");
        view.SetStatus("");

        Assert.Equal(
            $"5 events/s{EraseLine}one\n5 events/s{EraseLine}6 events/s{EraseLine}", _output.ToString());
    }

    [Fact]
    public void A_log_entry_is_one_line_with_the_cause_s_message_and_no_stack()
    {
        using var provider = new ConsoleViewLoggerProvider(new ConsoleView(_output, isTerminal: false));
        var log = provider.CreateLogger("any");

        log.LogWarning(Thrown(), "It failed:\nonce");

        Assert.Matches(@"^\d\d:\d\d:\d\d warn  It failed: once the disk is full\n$", _output.ToString());
    }

    public void Dispose() => _output.Dispose();

    private static Exception Thrown()
    {
        try
        {
            throw new IOException("the disk is full");
        }
        catch (IOException exception)
        {
            return exception;
        }
    }
}
