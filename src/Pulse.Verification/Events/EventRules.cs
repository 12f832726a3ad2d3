using System.Collections.Immutable;
using Pulse.Verification.Declarations;

namespace Pulse.Verification.Events;

/// <summary>What makes a record an event.</summary>
/// <param name="Required">The fields that every event has, in the order in which they are judged.</param>
/// <param name="SkewMilliseconds">How far an event may be ahead of its record.</param>
internal sealed record EventRules(ImmutableArray<EventField> Required, long SkewMilliseconds)
{
    /// <summary>What is wrong with a record, if anything is: the first thing in the contract's order.</summary>
    /// <param name="read">The record.</param>
    /// <param name="recordTime">Its own Kafka timestamp.</param>
    public Fault Judge(EventReader read, long recordTime)
    {
        if (read.Fault != Fault.None)
            return read.Fault;
        foreach (var field in Required)
        {
            if (read.FaultOf(field) is var fault and not Fault.None)
                return fault;
        }

        if (read.FaultOf(EventField.EventTimestamp) is var wrong and not Fault.None)
            return wrong;
        return Times.Holds(recordTime) && read.Time - recordTime > SkewMilliseconds ? Fault.TimestampInFuture : Fault.None;
    }

    /// <inheritdoc />
    public bool Equals(EventRules? other) =>
        other is not null && SkewMilliseconds == other.SkewMilliseconds && Required.SequenceEqual(other.Required);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(SkewMilliseconds, Required.Length);
}
