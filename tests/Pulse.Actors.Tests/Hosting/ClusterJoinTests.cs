using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using Akka.Persistence.Journal;
using Pulse.Actors.Hosting;
using Pulse.Actors.Storage;
using Pulse.Actors.Tests.Storage;
using Pulse.Events;
using ClusterSettings = Pulse.Actors.Hosting.ClusterSettings;

namespace Pulse.Actors.Tests.Hosting;

/// <summary>A node with nothing but a cluster of its own to join, and a journal.</summary>
public sealed class ClusterJoinTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly Config Node = ConfigurationFactory.ParseString(
        """
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          actor.provider = cluster
          remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }
        }
        """);

    [Fact]
    public async Task A_node_joins_when_its_journal_has_answered_and_not_before()
    {
        using var system = Join(ActorSystem.Create("pulse", ConfigurationFactory.ParseString(
            $$"""
            akka.persistence.journal {
              plugin = "akka.persistence.journal.slow"
              slow { class = "{{typeof(SlowJournal).AssemblyQualifiedName}}", plugin-dispatcher = "akka.actor.default-dispatcher" }
            }
            """).WithFallback(Node)));

        await SlowJournal.Asked.Task.WaitAsync(Limit);
        Assert.Equal(MemberStatus.Removed, Cluster.Get(system).SelfMember.Status);

        SlowJournal.MayAnswer.SetResult();
        await Until.TrueAsync(() => Cluster.Get(system).SelfMember.Status == MemberStatus.Up);
    }

    [Fact]
    public async Task A_node_joins_though_its_journal_fails()
    {
        await using var nowhere = new NodeStorage(
            new StorageOptions(StorageKind.Postgres, "Host=127.0.0.1;Port=1;Username=nobody"), RollupCatalog.Default);
        using var system = Join(PersistentSystem.Start(nowhere, Node));

        await Until.TrueAsync(() => Cluster.Get(system).SelfMember.Status == MemberStatus.Up);
    }

    private static ActorSystem Join(ActorSystem system)
    {
        var search = system.ActorOf(Props.Create(() => new ClusterSearch(new ClusterSettings())));
        system.ActorOf(Props.Create(() => new ClusterJoin(search)));
        return system;
    }

    /// <summary>Answers nobody before it may.</summary>
    private sealed class SlowJournal : MemoryJournal
    {
        public static TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public static TaskCompletionSource MayAnswer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async Task<long> ReadHighestSequenceNrAsync(
            string persistenceId, long fromSequenceNr, CancellationToken cancellationToken)
        {
            Asked.TrySetResult();
            await MayAnswer.Task.WaitAsync(cancellationToken);
            return await base.ReadHighestSequenceNrAsync(persistenceId, fromSequenceNr, cancellationToken);
        }
    }
}
