namespace Pulse.EndToEnd.Tests.Support;

/// <summary>A record that a broker has confirmed.</summary>
/// <param name="Partition">Where it is.</param>
/// <param name="Offset">Its offset.</param>
/// <param name="Value">What it says.</param>
/// <param name="UnixMilliseconds">Its own time.</param>
internal sealed record WrittenRecord(int Partition, long Offset, byte[] Value, long UnixMilliseconds);
