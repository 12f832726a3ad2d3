using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Microsoft.Extensions.Logging;
using Pulse.Actors.Hosting;
using Pulse.Actors.Ingest;
using Pulse.Actors.Live;
using Pulse.Actors.Serialization;
using Pulse.Actors.Tests.Storage;

namespace Pulse.Actors.Tests.Hosting;

/// <summary>Two actor systems, and messages that can't go from one to the other.</summary>
public sealed class UndeliveredMessageTests : IAsyncLifetime
{
    private static readonly Config Remote = ConfigurationFactory.ParseString(
        """
        akka {
          loglevel = INFO
          stdout-loglevel = OFF
          actor.provider = remote
          remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }
        }
        """);

    private readonly (Lines Lines, UndeliveredMessages Lost) _sender = (new Lines(), new UndeliveredMessages());
    private readonly (Lines Lines, UndeliveredMessages Lost) _receiver = (new Lines(), new UndeliveredMessages());
    private ActorSystem _here = null!;
    private ActorSystem _there = null!;
    private ActorSelection _remote = null!;

    public ValueTask InitializeAsync()
    {
        _here = Start("here", CountingMessageSerializer.Configuration, _sender);
        // The other one is of a version that knows less.
        _there = Start("there", Config.Empty, _receiver);
        _there.ActorOf(Props.Create(() => new Echo()), "echo");
        var address = ((ExtendedActorSystem)_there).Provider.DefaultAddress;
        _remote = _here.ActorSelection($"{address}/user/echo");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _here.Terminate();
        await _there.Terminate();
    }

    [Fact]
    public async Task What_is_over_the_frame_without_a_format_or_of_another_version_is_counted_and_logged_once_a_minute()
    {
        await AnswersAsync();
        Assert.Equal((0, 0), (_sender.Lost.Count, _receiver.Lost.Count));

        _remote.Tell(new string('x', 200_000));
        await Until.TrueAsync(() => _sender.Lost.Count == 1);
        _remote.Tell(new WithoutFormat("x"));
        await Until.TrueAsync(() => _sender.Lost.Count == 2);
        _remote.Tell(new KeepReading(3));
        await Until.TrueAsync(() => _receiver.Lost.Count == 1);

        await AnswersAsync();
        var line = Assert.Single(_sender.Lines.Errors);
        Assert.StartsWith("A message between nodes is lost: Discarding oversized payload sent to ", line, StringComparison.Ordinal);
        Assert.EndsWith("please report the line. pulse_cluster_undelivered_total counts such messages.", line, StringComparison.Ordinal);
        Assert.Contains("1700", Assert.Single(_receiver.Lines.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task That_a_message_has_no_format_is_said_with_its_type()
    {
        await AnswersAsync();

        _remote.Tell(new WithoutFormat("x"));
        await Until.TrueAsync(() => _sender.Lost.Count == 1);

        Assert.Contains($"{nameof(WithoutFormat)} has no format", Assert.Single(_sender.Lines.Errors), StringComparison.Ordinal);
    }

    // What Akka sends by itself has no format of Pulse's.
    private async Task AnswersAsync() => Assert.Equal(5, await _remote.Ask<int>(5, TimeSpan.FromSeconds(20)));

    private static ActorSystem Start(string name, Config configuration, (Lines Lines, UndeliveredMessages Lost) log) => ActorSystem.Create(name, ActorSystemSetup.Create(
        BootstrapSetup.Create().WithConfig(configuration
            .WithFallback(FallbackSerializer.Configuration)
            .WithFallback(ConfigurationFactory.ParseString($"akka.loggers = [\"{typeof(AkkaLog).AssemblyQualifiedName}\"]"))
            .WithFallback(Remote)),
        new AkkaLog.Factory(log.Lines, log.Lost)));

    private sealed record WithoutFormat(string Text);

    private sealed class Echo : ReceiveActor
    {
        public Echo() => ReceiveAny(message => Sender.Tell(message));
    }

    /// <summary>Keeps the lines of errors.</summary>
    private sealed class Lines : ILoggerFactory, ILogger
    {
        private readonly ConcurrentQueue<string> _errors = [];

        public IReadOnlyCollection<string> Errors => _errors;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Error)
                _errors.Enqueue(formatter(state, exception));
        }

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }
    }
}
