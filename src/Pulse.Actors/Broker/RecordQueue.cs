using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;

namespace Pulse.Actors.Broker;

/// <summary>
/// Takes records many at a time from a consumer's queue, where the client's own <c>Consume</c> takes one and makes several
/// objects of it. The records stay in the client's memory until they are released. Used on one thread.
/// </summary>
/// <remarks>
/// <c>rd_kafka_consume_batch_queue</c> serves the client's callbacks as well, and drops what was fetched before the latest
/// seek of its partition. <see href="https://github.com/confluentinc/librdkafka"/>.
/// </remarks>
internal sealed unsafe class RecordQueue : IDisposable
{
    private readonly nint _queue;
    private readonly nint[] _records;
    private int _taken;

    /// <summary>Opens a consumer's queue; it must be disposed of before the consumer.</summary>
    /// <param name="consumer">The consumer; nobody else may consume from it.</param>
    /// <param name="capacity">How many records are taken at once at most.</param>
    public RecordQueue(IClient consumer, int capacity)
    {
        _queue = NativeClient.GetConsumerQueue(NativeClient.HandleOf(consumer).DangerousGetHandle());
        _records = new nint[capacity];
    }

    /// <summary>Takes the next records, and releases those taken before.</summary>
    /// <param name="patience">How long to wait for as many as there is room for.</param>
    /// <returns>How many were taken; fewer than the capacity where the client has no more now.</returns>
    public int Take(TimeSpan patience)
    {
        Release();
        fixed (nint* records = _records)
            _taken = (int)NativeClient.ConsumeBatch(_queue, (int)patience.TotalMilliseconds, records, (nuint)_records.Length);
        if (_taken < 0)
            _taken = 0;
        return _taken;
    }

    /// <summary>A record; valid until it is released.</summary>
    /// <param name="index">Less than what <see cref="Take"/> gave.</param>
    public Record this[int index] => new((Layout*)_records[index]);

    /// <summary>Gives the records taken back to the client.</summary>
    public void Release()
    {
        for (var index = 0; index < _taken; index++)
            NativeClient.DestroyRecord(_records[index]);
        _taken = 0;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Release();
        NativeClient.DestroyQueue(_queue);
    }

    /// <summary>A record, or what the client has to say of a partition in place of one, in the client's memory.</summary>
    public readonly ref struct Record
    {
        private readonly Layout* _record;

        internal Record(Layout* record) => _record = record;

        /// <summary>The partition's number; negative where a failure belongs to none.</summary>
        public int Partition => _record->Partition;

        public long Offset => _record->Offset;

        /// <summary>Whether this is no record: the partition ends at <see cref="Offset"/>.</summary>
        public bool IsPartitionEnd => _record->Error == (int)ErrorCode.Local_PartitionEOF;

        /// <summary>Whether this is no record but a failure, and no record follows it.</summary>
        public bool IsFailure => _record->Error is not (int)ErrorCode.NoError and not (int)ErrorCode.Local_PartitionEOF;

        /// <summary>The failure, with the client's own words.</summary>
        public Error Failure => new((ErrorCode)_record->Error, Encoding.UTF8.GetString(_record->Value));

        public ReadOnlySpan<byte> Key => new(_record->KeyStart, (int)_record->KeyLength);

        public ReadOnlySpan<byte> Value => _record->Value;

        /// <summary>The record's own timestamp in Unix milliseconds, or -1.</summary>
        public long UnixMilliseconds
        {
            get
            {
                int kind;
                return NativeClient.TimestampOf((nint)_record, &kind);
            }
        }

        /// <summary>The epoch of the leader that wrote the record, or -1 where the broker gives none.</summary>
        public int LeaderEpoch => NativeClient.LeaderEpochOf((nint)_record);
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
}
