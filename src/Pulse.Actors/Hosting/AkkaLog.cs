using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Dispatch;
using Akka.Event;
using Microsoft.Extensions.Logging;
using Pulse.Actors.Live;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Pulse.Actors.Hosting;

/// <summary>
/// Takes what actors log to the process's log, under the name of the class that says it and without Akka's prefix, so
/// that filters can tell Pulse's own lines from Akka's, and lines stay lines: a cause adds its message, not its stack.
/// That Akka lost a message between nodes, which it tells as an error of its own, is told in Pulse's name.
/// </summary>
internal sealed class AkkaLog : ReceiveActor, IRequiresMessageQueue<ILoggerMessageQueueSemantics>
{
    private const string Unknown = "Akka";

    // A message of a kind that can't be delivered comes again and again.
    private static readonly TimeSpan UndeliveredInterval = TimeSpan.FromMinutes(1);

    private readonly Factory _factory = Context.System.Settings.Setup.Get<Factory>().Value;
    private long _undeliveredToldAt = long.MinValue / 2;
    private long _undeliveredTold;

    /// <summary>Made by the actor system, which must have a <see cref="Factory"/> in its setup.</summary>
    public AkkaLog()
    {
        Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
        Receive<LogEvent>(UndeliveredMessage.IsOne, TellUndelivered);
        Receive<LogEvent>(entry => _factory.Loggers
            .CreateLogger(CategoryOf(entry))
            .Log(LevelOf(entry), "{Message}{Cause}", entry.Message, CauseOf(entry)));
    }

    /// <summary>The lowest level that the process's log takes of Pulse's actors.</summary>
    public static Akka.Event.LogLevel LowestLevel(ILoggerFactory loggers) => loggers.CreateLogger("Pulse.Actors").IsEnabled(LogLevel.Debug)
        ? Akka.Event.LogLevel.DebugLevel
        : Akka.Event.LogLevel.InfoLevel;

    private void TellUndelivered(LogEvent entry)
    {
        _factory.Undelivered.Add();
        if (Environment.TickCount64 - _undeliveredToldAt < UndeliveredInterval.TotalMilliseconds)
            return;
        _undeliveredToldAt = Environment.TickCount64;
        var others = _factory.Undelivered.Count - _undeliveredTold - 1;
        _undeliveredTold = _factory.Undelivered.Count;
        _factory.Loggers.CreateLogger<UndeliveredMessages>().LogError(
            "A message between nodes is lost{Others}: {Why} During a rolling upgrade, finish it; else this is a fault of Pulse, so "
            + "please report the line. pulse_cluster_undelivered_total counts such messages.",
            others == 0 ? "" : $", and {others} were before", UndeliveredMessage.WhyOf(entry));
    }

    // What an actor of persistence or of a connection throws is logged by its supervisor, in that one's name.
    private static string CategoryOf(LogEvent entry) => entry.LogSource switch
    {
        { } source when source.Contains("/system/akka.persistence.", StringComparison.Ordinal) => "Akka.Persistence",
        { } source when source.Contains("/system/endpointManager/", StringComparison.Ordinal) => "Akka.Remote",
        _ => entry.LogClass?.FullName ?? Unknown,
    };

    private static LogLevel LevelOf(LogEvent entry) => entry.LogLevel() switch
    {
        Akka.Event.LogLevel.ErrorLevel => LogLevel.Error,
        Akka.Event.LogLevel.WarningLevel => LogLevel.Warning,
        Akka.Event.LogLevel.InfoLevel => LogLevel.Information,
        _ => LogLevel.Debug,
    };

    private static string CauseOf(LogEvent entry) => entry.Cause is { } cause ? $" {cause.GetBaseException().Message}" : "";

    /// <summary>Where the lines go.</summary>
    /// <param name="loggers">The process's loggers.</param>
    /// <param name="undelivered">Counts the messages that are lost.</param>
    internal sealed class Factory(ILoggerFactory loggers, UndeliveredMessages undelivered) : Setup
    {
        public ILoggerFactory Loggers => loggers;

        public UndeliveredMessages Undelivered => undelivered;
    }

    /// <summary>In place of the console, which Akka falls back to while the system ends.</summary>
    internal sealed class Silence : MinimalLogger
    {
        protected override void Log(object message)
        {
        }
    }
}
