using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Journal;

namespace Pulse.Actors.Tests.Buckets;

/// <summary>
/// A journal in memory with a database's unique key over id and sequence number, which fails, refuses, waits or lies
/// where a spec says so. What it keeps went through the serializer of its message.
/// </summary>
public sealed class SteeredJournal : AsyncWriteJournal
{
    private readonly Steering _steering = Steering.Of(Context.System);
    private readonly Akka.Serialization.Serialization _serialization = Context.System.Serialization;

    public static Config Configuration { get; } = ConfigurationFactory.ParseString(
        $$"""
        akka.persistence {
          journal {
            plugin = "akka.persistence.journal.steered"
            steered.class = "{{typeof(SteeredJournal).FullName}}, {{typeof(SteeredJournal).Assembly.GetName().Name}}"
          }
          snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
        }
        """);

    public override Task ReplayMessagesAsync(
        IActorContext context,
        string persistenceId,
        long fromSequenceNr,
        long toSequenceNr,
        long max,
        Action<IPersistentRepresentation> recoveryCallback)
    {
        if (_steering.ReplayFailure is { } failure)
            throw failure;
        foreach (var (number, stored) in _steering.Events(persistenceId))
        {
            if (number >= fromSequenceNr && number <= toSequenceNr)
                recoveryCallback(new Persistent(Read(stored), number, persistenceId, stored.Manifest));
        }

        return Task.CompletedTask;
    }

    public override Task<long> ReadHighestSequenceNrAsync(
        string persistenceId, long fromSequenceNr, CancellationToken cancellationToken)
    {
        var highest = _steering.Events(persistenceId).Keys.DefaultIfEmpty(0).Max();
        return Task.FromResult(highest + _steering.TakeMissing());
    }

    protected override async Task<IImmutableList<Exception?>> WriteMessagesAsync(
        IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        var writes = messages.ToList();
        await _steering.WritingAsync();
        if (_steering.Rejection is { } rejection)
            return [.. writes.Select(_ => rejection)];
        foreach (var representation in writes.SelectMany(write => (IImmutableList<IPersistentRepresentation>)write.Payload))
            _steering.Add(representation.PersistenceId, representation.SequenceNr, Write(representation.Payload));
        return null!;
    }

    protected override Task DeleteMessagesToAsync(
        string persistenceId, long toSequenceNr, CancellationToken cancellationToken)
    {
        _steering.Delete(persistenceId, toSequenceNr);
        return Task.CompletedTask;
    }

    private Stored Write(object payload)
    {
        var serializer = _serialization.FindSerializerFor(payload);
        return new Stored(
            serializer.Identifier,
            Akka.Serialization.Serialization.ManifestFor(serializer, payload),
            serializer.ToBinary(payload));
    }

    private object Read(Stored stored) =>
        _serialization.Deserialize(stored.Bytes, stored.Serializer, stored.Manifest);

    internal sealed record Stored(int Serializer, string Manifest, byte[] Bytes);

    /// <summary>What a spec does with the journal of its actor system, and what it sees of it.</summary>
    internal sealed class Steering
    {
        private static readonly ConditionalWeakTable<ActorSystem, Steering> BySystem = [];

        private readonly Lock _gate = new();
        private readonly Dictionary<string, ImmutableSortedDictionary<long, Stored>> _events = [];
        private int _missing;
        private int _writing;
        private volatile TaskCompletionSource? _hold;

        public volatile Exception? WriteFailure;
        public volatile Exception? Rejection;
        public volatile Exception? ReplayFailure;
        public volatile Exception? DeleteFailure;

        /// <summary>How many writes were begun.</summary>
        public int Writes => Volatile.Read(ref _writing);

        public static Steering Of(ActorSystem system) => BySystem.GetValue(system, _ => new Steering());

        public ImmutableSortedDictionary<long, Stored> Events(string persistenceId)
        {
            lock (_gate)
                return _events.GetValueOrDefault(persistenceId, ImmutableSortedDictionary<long, Stored>.Empty);
        }

        /// <summary>Lets writes wait until <see cref="Release"/>.</summary>
        public void Hold() => _hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release()
        {
            var held = _hold;
            _hold = null;
            held?.SetResult();
        }

        /// <summary>The next reading of the highest number sees events that the replay after it does not find.</summary>
        public void LoseOnce(int events) => Volatile.Write(ref _missing, events);

        public int TakeMissing() => Interlocked.Exchange(ref _missing, 0);

        public async Task WritingAsync()
        {
            Interlocked.Increment(ref _writing);
            if (_hold is { } hold)
                await hold.Task;
            if (WriteFailure is { } failure)
                throw failure;
        }

        public void Add(string persistenceId, long number, Stored stored)
        {
            lock (_gate)
                _events[persistenceId] = Events(persistenceId).Add(number, stored);
        }

        public void Delete(string persistenceId, long upTo)
        {
            if (DeleteFailure is { } failure)
                throw failure;
            lock (_gate)
                _events[persistenceId] = Events(persistenceId).RemoveRange(Events(persistenceId).Keys.Where(number => number <= upTo));
        }
    }
}
