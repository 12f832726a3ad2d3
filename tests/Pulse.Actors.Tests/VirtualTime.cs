namespace Pulse.Actors.Tests;

/// <summary>An actor system whose clock a test moves.</summary>
internal static class VirtualTime
{
    /// <summary>Its configuration; the scheduler is a <see cref="Akka.TestKit.TestScheduler"/>.</summary>
    public const string Configuration =
        """
        akka.loglevel = WARNING
        akka.loggers = []
        akka.test.single-expect-default = 30s
        akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
        """;
}
