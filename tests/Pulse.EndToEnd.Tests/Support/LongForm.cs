using Pulse.Testing;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>Whether PULSE_TEST_LONG asks for outages and crashes of full length and number, and for what takes minutes to build.</summary>
internal static class LongForm
{
    public static bool IsWanted { get; } =
        !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("PULSE_TEST_LONG"));

    /// <summary>Skips the test where it does not.</summary>
    public static void Require()
    {
        if (!IsWanted)
            throw Requirement.NotHere("Takes minutes; PULSE_TEST_LONG=1 runs it.");
    }
}
