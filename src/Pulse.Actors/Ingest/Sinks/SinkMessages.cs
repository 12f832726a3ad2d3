using Akka.Actor;
using Pulse.Counting;

namespace Pulse.Actors.Ingest.Sinks;

/// <summary>From an ingestor to its node's <see cref="DeadLetterSink"/>: these records were handled.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="From">The first offset.</param>
/// <param name="To">The offset after the last.</param>
/// <param name="Bad">The offsets of the bad ones, ascending; a few thousand at most.</param>
internal sealed record RecordsHandled(StreamPartition Partition, long From, long To, IReadOnlyList<long> Bad)
    : INoSerializationVerificationNeeded;

/// <summary>Asks a <see cref="DeadLetterSink"/> to say <see cref="Akka.Done"/> when nothing waits any more, or can't be sent.</summary>
internal sealed record FinishSending : INoSerializationVerificationNeeded
{
    public static FinishSending Instance { get; } = new();
}

/// <summary>From a <see cref="DeadLetterCourier"/>: it was looked through up to here, and the bad records were delivered.</summary>
/// <param name="Reading">What it reads.</param>
/// <param name="Position">Up to here.</param>
/// <param name="Sent">How many were delivered since the last time.</param>
internal sealed record LettersSent(SinkReading Reading, long Position, int Sent) : INoSerializationVerificationNeeded;

/// <summary>From a <see cref="DeadLetterCourier"/>: the log no longer holds what was to be looked through.</summary>
/// <param name="Reading">What it reads.</param>
/// <param name="From">The first offset that is gone.</param>
/// <param name="To">The first that is there.</param>
internal sealed record RecordsGone(SinkReading Reading, long From, long To) : INoSerializationVerificationNeeded;

/// <summary>A <see cref="DeadLetterCourier"/> has ended.</summary>
/// <param name="Courier">It.</param>
/// <param name="Problem">Why it could not go on, in one line; null where it was stopped.</param>
internal sealed record CourierEnded(DeadLetterCourier Courier, string? Problem) : INoSerializationVerificationNeeded;
