using System.Buffers.Binary;
using System.Globalization;
using Confluent.Kafka;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>A batch of records as a broker has it on disk: what a test asked a producer for is there, or it tests nothing.</summary>
/// <param name="Codec">How it is compressed.</param>
/// <param name="IsLogAppendTime">Whether the broker stamped its records.</param>
/// <param name="MaximumTimestamp">The latest stamp of a record in Unix milliseconds; -1: none has one.</param>
/// <param name="Bytes">Its size.</param>
internal sealed record StoredBatch(CompressionType Codec, bool IsLogAppendTime, long MaximumTimestamp, int Bytes)
{
    // Of the format's version 2: a length counts from behind itself.
    private const int LengthAt = 8;
    private const int HeaderEnd = 12;
    private const int AttributesAt = 21;
    private const int MaximumTimestampAt = 35;
    private const int CodecBits = 0b111;
    private const int LogAppendTimeBit = 0b1000;

    /// <summary>Reads every batch of a topic.</summary>
    /// <param name="logDirectory">The broker's.</param>
    /// <param name="topic">The topic.</param>
    public static IReadOnlyList<StoredBatch> Read(string logDirectory, string topic) =>
    [
        .. Directory.GetDirectories(logDirectory, $"{topic}-*")
            .Where(folder => int.TryParse(Path.GetFileName(folder)[(topic.Length + 1)..], CultureInfo.InvariantCulture, out _))
            .SelectMany(folder => Directory.GetFiles(folder, "*.log")).SelectMany(ReadSegment),
    ];

    private static IEnumerable<StoredBatch> ReadSegment(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        for (var start = 0; start + HeaderEnd < bytes.Length;)
        {
            var size = HeaderEnd + BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(start + LengthAt));
            var attributes = BinaryPrimitives.ReadInt16BigEndian(bytes.AsSpan(start + AttributesAt));
            yield return new StoredBatch(
                (CompressionType)(attributes & CodecBits),
                (attributes & LogAppendTimeBit) != 0,
                BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(start + MaximumTimestampAt)),
                size);
            start += size;
        }
    }
}
