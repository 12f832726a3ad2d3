using Pulse.Counting;

namespace Pulse.Simulation.Tests.World;

/// <summary>A message between an ingestor and a bucket, or the broker's answer. It names the ingestor's session.</summary>
internal abstract record Message(PartitionLog Log, long Session);

internal sealed record OpenMessage(PartitionLog Log, long Session, long Committed) : Message(Log, Session);

internal sealed record DeltaMessage(PartitionLog Log, long Session, Delta Delta) : Message(Log, Session);

internal sealed record PersistMessage(PartitionLog Log, long Session, long UpTo) : Message(Log, Session);

internal sealed record OpenedMessage(PartitionLog Log, long Session, int Bucket, long Position) : Message(Log, Session);

internal sealed record AcceptedMessage(PartitionLog Log, long Session, int Bucket, long To) : Message(Log, Session);

internal sealed record RejectedMessage(PartitionLog Log, long Session, int Bucket, long Position) : Message(Log, Session);

internal sealed record PersistedMessage(PartitionLog Log, long Session, int Bucket, long Position) : Message(Log, Session);

internal sealed record CommitAnswer(PartitionLog Log, long Session, long Request, bool Succeeded) : Message(Log, Session);
