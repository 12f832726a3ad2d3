namespace Pulse.Verification.Log;

/// <summary>A record of the topic.</summary>
/// <param name="Partition">Its partition.</param>
/// <param name="Offset">Its offset.</param>
/// <param name="Time">Its Kafka timestamp in Unix milliseconds, whatever number that is.</param>
/// <param name="Value">Its value; empty where it has none.</param>
internal readonly record struct LogRecord(int Partition, long Offset, long Time, byte[] Value);
