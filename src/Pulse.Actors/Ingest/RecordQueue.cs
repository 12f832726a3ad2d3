using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;
using Pulse.Shared;

namespace Pulse.Actors.Ingest;

/// <summary>
/// Takes records many at a time from a consumer's queue, where the client's own <c>Consume</c> takes one and makes several
/// objects of it. The records stay in the client's memory until they are released. Used on one thread.
/// </summary>
/// <remarks>
/// <c>rd_kafka_consume_batch_queue</c> of librdkafka's public C API; it serves the client's callbacks as well, and drops
/// what was fetched before the latest seek of its partition. <see href="https://github.com/confluentinc/librdkafka"/>.
/// </remarks>
internal sealed unsafe class RecordQueue : IDisposable
{
    private static readonly Functions Native = new(KafkaClientLibrary.Find());

    private readonly nint _queue;
    private readonly nint[] _records;
    private int _taken;

    /// <summary>Opens a consumer's queue; it must be disposed of before the consumer.</summary>
    /// <param name="consumer">The consumer; nobody else may consume from it.</param>
    /// <param name="capacity">How many records are taken at once at most.</param>
    public RecordQueue(IClient consumer, int capacity)
    {
        var client = (SafeHandle)NativeHandleOf(consumer.Handle);
        _queue = Native.GetConsumerQueue(client.DangerousGetHandle());
        _records = new nint[capacity];
    }

    /// <summary>Takes the next records, and releases those taken before.</summary>
    /// <param name="patience">How long to wait for as many as there is room for.</param>
    /// <returns>How many were taken; fewer than the capacity where the client has no more now.</returns>
    public int Take(TimeSpan patience)
    {
        Release();
        fixed (nint* records = _records)
            _taken = (int)Native.ConsumeBatch(_queue, (int)patience.TotalMilliseconds, records, (nuint)_records.Length);
        if (_taken < 0)
            _taken = 0;
        return _taken;
    }

    /// <summary>A record; valid until it is released.</summary>
    /// <param name="index">Less than what <see cref="Take"/> gave.</param>
    /// <exception cref="KafkaException">The client reports a failure in place of a record.</exception>
    public Record this[int index]
    {
        get
        {
            var record = (Layout*)_records[index];
            if (record->Error is not (int)ErrorCode.NoError and not (int)ErrorCode.Local_PartitionEOF)
                throw new KafkaException(new Error((ErrorCode)record->Error, Encoding.UTF8.GetString(record->Value)));
            return new Record(record);
        }
    }

    /// <summary>Gives the records taken back to the client.</summary>
    public void Release()
    {
        for (var index = 0; index < _taken; index++)
            Native.DestroyRecord(_records[index]);
        _taken = 0;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Release();
        Native.DestroyQueue(_queue);
    }

    // The one thing that the client does not make public and that its C API needs.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_LibrdkafkaHandle")]
    [return: UnsafeAccessorType("Confluent.Kafka.Impl.SafeKafkaHandle, Confluent.Kafka")]
    private static extern object NativeHandleOf(Handle handle);

    /// <summary>A record, or the news that a partition has no more of them, in the client's memory.</summary>
    public readonly ref struct Record
    {
        private readonly Layout* _record;

        internal Record(Layout* record) => _record = record;

        public int Partition => _record->Partition;

        public long Offset => _record->Offset;

        /// <summary>Whether this is no record: the partition ends at <see cref="Offset"/>.</summary>
        public bool IsPartitionEnd => _record->Error == (int)ErrorCode.Local_PartitionEOF;

        public ReadOnlySpan<byte> Key => new(_record->KeyStart, (int)_record->KeyLength);

        public ReadOnlySpan<byte> Value => _record->Value;

        /// <summary>The record's own timestamp in Unix milliseconds, or -1.</summary>
        public long UnixMilliseconds
        {
            get
            {
                int kind;
                return Native.TimestampOf(_record, &kind);
            }
        }

        /// <summary>The epoch of the leader that wrote the record, or -1 where the broker gives none.</summary>
        public int LeaderEpoch => Native.LeaderEpochOf(_record);
    }

    // rd_kafka_message_t.
    [StructLayout(LayoutKind.Sequential)]
    internal struct Layout
    {
        public int Error;
        public nint Topic;
        public int Partition;
        public byte* ValueStart;
        public nuint ValueLength;
        public byte* KeyStart;
        public nuint KeyLength;
        public long Offset;
        public nint Private;

        public readonly ReadOnlySpan<byte> Value => new(ValueStart, (int)ValueLength);
    }

    private sealed class Functions(nint library)
    {
        public readonly delegate* unmanaged[Cdecl]<nint, nint> GetConsumerQueue =
            (delegate* unmanaged[Cdecl]<nint, nint>)NativeLibrary.GetExport(library, "rd_kafka_queue_get_consumer");

        public readonly delegate* unmanaged[Cdecl]<nint, int, nint*, nuint, nint> ConsumeBatch =
            (delegate* unmanaged[Cdecl]<nint, int, nint*, nuint, nint>)
            NativeLibrary.GetExport(library, "rd_kafka_consume_batch_queue");

        public readonly delegate* unmanaged[Cdecl]<nint, void> DestroyRecord =
            (delegate* unmanaged[Cdecl]<nint, void>)NativeLibrary.GetExport(library, "rd_kafka_message_destroy");

        public readonly delegate* unmanaged[Cdecl]<nint, void> DestroyQueue =
            (delegate* unmanaged[Cdecl]<nint, void>)NativeLibrary.GetExport(library, "rd_kafka_queue_destroy");

        // Reads two fields: too short to tell the garbage collector about.
        public readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<Layout*, int*, long> TimestampOf =
            (delegate* unmanaged[Cdecl, SuppressGCTransition]<Layout*, int*, long>)
            NativeLibrary.GetExport(library, "rd_kafka_message_timestamp");

        // Likewise.
        public readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<Layout*, int> LeaderEpochOf =
            (delegate* unmanaged[Cdecl, SuppressGCTransition]<Layout*, int>)
            NativeLibrary.GetExport(library, "rd_kafka_message_leader_epoch");
    }
}
