namespace Pulse.Testing;

/// <summary>
/// Lines that the whole run should end with, such as which Kafka was used: <c>./test</c> prints them before its totals.
/// </summary>
public static class RunReport
{
    /// <summary>The file that collects the lines of all test projects; nothing is written where it is not set.</summary>
    public const string Variable = "PULSE_TEST_REPORT";

    private static readonly Lock Gate = new();

    /// <summary>Adds a line. Equal lines are printed once.</summary>
    public static void Add(string line)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } file)
            return;
        lock (Gate)
            File.AppendAllText(file, line.ReplaceLineEndings(" ") + "\n");
    }
}
