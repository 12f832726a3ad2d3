using Akka.Actor;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Pulse.Actors.Buckets;
using Pulse.Actors.Ingest;
using Pulse.Actors.Storage;
using Pulse.Host.Cli;

namespace Pulse.Host.Tests;

/// <summary>What ends a node says its own line, and how the process ends.</summary>
public sealed class ExportWatchTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly ActorSystem _system = ActorSystem.Create(
        "pulse-export-watch", "akka { stdout-loglevel = OFF, loglevel = OFF, actor.provider = cluster, "
        + "remote { startup-timeout = 120s, dot-netty.tcp { hostname = 127.0.0.1, port = 0 } } }");

    public static TheoryData<Func<string, object>, int> Ends => new()
    {
        { line => new OwnFault(line), HostCommand.Failed },
        { line => new IngestRefused(line), HostCommand.Failed },
        { line => new IngestRefused(line, IsConfigured: true), HostCommand.WrongUsage },
        { line => new DeclarationReplaced(line), HostCommand.WrongUsage },
    };

    public ValueTask InitializeAsync() => default;

    public async ValueTask DisposeAsync() => await _system.Terminate();

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task What_no_waiting_mends_ends_the_node_with_its_line(Func<string, object> end, int exitCode)
    {
        using var lifetime = new Lifetime();
        var outcome = new RunOutcome(lifetime);
        var watch = _system.ActorOf(Props.Create(() => new ExportWatch(false, outcome, new LatestExport(), NullLogger<ExportWatch>.Instance)));
        // It listens once it answers.
        await watch.Ask<ActorIdentity>(new Identify(1), Limit);

        _system.EventStream.Publish(end("why"));
        _system.EventStream.Publish(end("later"));
        await lifetime.Stopped.WaitAsync(Limit, TestContext.Current.CancellationToken);

        Assert.Equal(("why", exitCode), (outcome.Failure, outcome.ExitCode));
    }

    private sealed class Lifetime : IHostApplicationLifetime, IDisposable
    {
        private readonly TaskCompletionSource _stopped = new();
        private readonly CancellationTokenSource _started = new();

        public Lifetime() => _started.Cancel();

        public Task Stopped => _stopped.Task;

        public CancellationToken ApplicationStarted => _started.Token;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => _stopped.TrySetResult();

        public void Dispose() => _started.Dispose();
    }
}
