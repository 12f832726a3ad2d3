namespace Pulse.Actors.Live;

/// <summary>
/// Messages between nodes that this one could not write or read, for people and telemetry: too large for a frame, or of a type or
/// version without a form. Written by the node's log of Akka, read by anyone.
/// </summary>
public sealed class UndeliveredMessages
{
    private long _count;

    /// <summary>How many since the node started.</summary>
    public long Count => Interlocked.Read(ref _count);

    internal void Add() => Interlocked.Increment(ref _count);
}
