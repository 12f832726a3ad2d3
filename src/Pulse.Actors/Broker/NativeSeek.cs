using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;
using Pulse.Counting;

namespace Pulse.Actors.Broker;

/// <summary>
/// Has a client seek partitions by offset and leader epoch, many at once: it compares the epoch with the broker's log before it
/// fetches anything. Confluent.Kafka's seek takes one partition at a time, has no limit, and drops the epoch.
/// </summary>
internal static unsafe class NativeSeek
{
    /// <summary>Seeks. It waits for the client's own thread alone, which answers in microseconds unless it is stuck.</summary>
    /// <param name="client">The client; the partitions are assigned to it.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="positions">Partitions, and where to.</param>
    /// <param name="limit">How long to wait.</param>
    /// <returns>
    /// For each in its order, whether it was sought. A partition that the client has only just begun with, or not yet ended with,
    /// refuses: it has to be sought again.
    /// </returns>
    public static bool[] Seek(
        IClient client, string topic, IReadOnlyList<(int Partition, LogPosition Position)> positions, TimeSpan limit)
    {
        var list = NativeClient.NewPositions(positions.Count);
        try
        {
            fixed (byte* name = Encoding.UTF8.GetBytes(topic + '\0'))
            {
                foreach (var (partition, position) in positions)
                {
                    var element = (Element*)NativeClient.AddPosition(list, name, partition);
                    element->Offset = position.Offset;
                    if (position.Epoch != LogPosition.UnknownEpoch)
                        NativeClient.SetLeaderEpoch((nint)element, position.Epoch);
                }
            }

            var error = NativeClient.SeekPartitions(
                NativeClient.HandleOf(client).DangerousGetHandle(), list, (int)limit.TotalMilliseconds);
            if (error != 0)
                NativeClient.DestroyError(error);
            var sought = new bool[positions.Count];
            for (var index = 0; index < sought.Length; index++)
                sought[index] = error == 0 && ((List*)list)->Elements[index].Error == (int)ErrorCode.NoError;
            return sought;
        }
        finally
        {
            NativeClient.DestroyPositions(list);
        }
    }

    // rd_kafka_topic_partition_list_t.
    [StructLayout(LayoutKind.Sequential)]
    private struct List
    {
        public int Count;
        public int Size;
        public Element* Elements;
    }

    // rd_kafka_topic_partition_t.
    [StructLayout(LayoutKind.Sequential)]
    private struct Element
    {
        public nint Topic;
        public int Partition;
        public long Offset;
        public nint Metadata;
        public nuint MetadataSize;
        public nint Opaque;
        public int Error;
        public nint Private;
    }
}
