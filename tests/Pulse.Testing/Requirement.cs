using Xunit.v3;

namespace Pulse.Testing;

/// <summary>What a test needs of the machine, and what happens where the machine does not have it.</summary>
public static class Requirement
{
    /// <summary>Set by <c>./test --fast</c>: whatever needs a server is left out.</summary>
    public const string FastVariable = "PULSE_TEST_FAST";

    private static readonly bool IsFast = Environment.GetEnvironmentVariable(FastVariable) == "1";

    /// <summary>
    /// The exception for something that is missing: it skips the test with the reason; where CI=true it fails the test.
    /// </summary>
    /// <param name="reason">What is missing, and how to get it.</param>
    public static Exception Missing(string reason) => Environment.GetEnvironmentVariable("CI") == "true" && !IsFast
        ? new InvalidOperationException(reason)
        : NotHere(reason);

    /// <summary>The exception for a test that can't run with what was chosen, in CI either.</summary>
    /// <param name="reason">What was chosen, and why the test can't run with it.</param>
    public static Exception NotHere(string reason) => new InvalidOperationException(DynamicSkipToken.Value + reason);

    /// <summary>Skips the test in a fast run.</summary>
    /// <param name="server">The server that the test needs.</param>
    public static void Server(string server)
    {
        if (IsFast)
            throw NotHere($"Needs {server}; --fast leaves that out.");
    }
}
