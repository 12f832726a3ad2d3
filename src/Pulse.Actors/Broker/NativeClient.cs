using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Pulse.Shared;

namespace Pulse.Actors.Broker;

/// <summary>
/// The functions of librdkafka's public C API that are called past Confluent.Kafka, since it offers them not at all, only
/// record by record, or without a limit. <see href="https://github.com/confluentinc/librdkafka/blob/master/src/rdkafka.h"/>.
/// </summary>
internal static unsafe class NativeClient
{
    /// <summary><c>RD_KAFKA_ADMIN_OP_DESCRIBETOPICS</c>.</summary>
    public const int DescribeTopicsOperation = 19;

    private static readonly nint Library = KafkaClientLibrary.Find();

    public static readonly delegate* unmanaged[Cdecl]<nint, nint> GetConsumerQueue =
        (delegate* unmanaged[Cdecl]<nint, nint>)Find("rd_kafka_queue_get_consumer");

    public static readonly delegate* unmanaged[Cdecl]<nint, int, nint*, nuint, nint> ConsumeBatch =
        (delegate* unmanaged[Cdecl]<nint, int, nint*, nuint, nint>)Find("rd_kafka_consume_batch_queue");

    public static readonly delegate* unmanaged[Cdecl]<nint, void> DestroyRecord =
        (delegate* unmanaged[Cdecl]<nint, void>)Find("rd_kafka_message_destroy");

    // Reads two fields: too short to tell the garbage collector about.
    public static readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, int*, long> TimestampOf =
        (delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, int*, long>)Find("rd_kafka_message_timestamp");

    // Likewise.
    public static readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, int> LeaderEpochOf =
        (delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, int>)Find("rd_kafka_message_leader_epoch");

    public static readonly delegate* unmanaged[Cdecl]<nint, nint> NewQueue =
        (delegate* unmanaged[Cdecl]<nint, nint>)Find("rd_kafka_queue_new");

    public static readonly delegate* unmanaged[Cdecl]<nint, int, nint> PollQueue =
        (delegate* unmanaged[Cdecl]<nint, int, nint>)Find("rd_kafka_queue_poll");

    public static readonly delegate* unmanaged[Cdecl]<nint, void> DestroyQueue =
        (delegate* unmanaged[Cdecl]<nint, void>)Find("rd_kafka_queue_destroy");

    public static readonly delegate* unmanaged[Cdecl]<nint, int> ErrorOfEvent =
        (delegate* unmanaged[Cdecl]<nint, int>)Find("rd_kafka_event_error");

    public static readonly delegate* unmanaged[Cdecl]<nint, nint> ErrorTextOfEvent =
        (delegate* unmanaged[Cdecl]<nint, nint>)Find("rd_kafka_event_error_string");

    public static readonly delegate* unmanaged[Cdecl]<nint, void> DestroyEvent =
        (delegate* unmanaged[Cdecl]<nint, void>)Find("rd_kafka_event_destroy");

    public static readonly delegate* unmanaged[Cdecl]<nint, int, nint> NewOptions =
        (delegate* unmanaged[Cdecl]<nint, int, nint>)Find("rd_kafka_AdminOptions_new");

    public static readonly delegate* unmanaged[Cdecl]<nint, int, byte*, nuint, int> SetRequestTimeout =
        (delegate* unmanaged[Cdecl]<nint, int, byte*, nuint, int>)Find("rd_kafka_AdminOptions_set_request_timeout");

    public static readonly delegate* unmanaged[Cdecl]<nint, void> DestroyOptions =
        (delegate* unmanaged[Cdecl]<nint, void>)Find("rd_kafka_AdminOptions_destroy");

    public static readonly delegate* unmanaged[Cdecl]<byte**, nuint, nint> NewTopics =
        (delegate* unmanaged[Cdecl]<byte**, nuint, nint>)Find("rd_kafka_TopicCollection_of_topic_names");

    public static readonly delegate* unmanaged[Cdecl]<nint, void> DestroyTopics =
        (delegate* unmanaged[Cdecl]<nint, void>)Find("rd_kafka_TopicCollection_destroy");

    public static readonly delegate* unmanaged[Cdecl]<nint, nint, nint, nint, void> DescribeTopics =
        (delegate* unmanaged[Cdecl]<nint, nint, nint, nint, void>)Find("rd_kafka_DescribeTopics");

    public static readonly delegate* unmanaged[Cdecl]<nint, nint> DescribedTopics =
        (delegate* unmanaged[Cdecl]<nint, nint>)Find("rd_kafka_event_DescribeTopics_result");

    public static readonly delegate* unmanaged[Cdecl]<nint, nuint*, nint*> TopicsOf =
        (delegate* unmanaged[Cdecl]<nint, nuint*, nint*>)Find("rd_kafka_DescribeTopics_result_topics");

    public static readonly delegate* unmanaged[Cdecl]<nint, nint> ErrorOfTopic =
        (delegate* unmanaged[Cdecl]<nint, nint>)Find("rd_kafka_TopicDescription_error");

    public static readonly delegate* unmanaged[Cdecl]<nint, nint> IdOfTopic =
        (delegate* unmanaged[Cdecl]<nint, nint>)Find("rd_kafka_TopicDescription_topic_id");

    public static readonly delegate* unmanaged[Cdecl]<nint, nuint*, nint*> PartitionsOfTopic =
        (delegate* unmanaged[Cdecl]<nint, nuint*, nint*>)Find("rd_kafka_TopicDescription_partitions");

    public static readonly delegate* unmanaged[Cdecl]<nint, int> NumberOfPartition =
        (delegate* unmanaged[Cdecl]<nint, int>)Find("rd_kafka_TopicPartitionInfo_partition");

    public static readonly delegate* unmanaged[Cdecl]<nint, nint> LeaderOfPartition =
        (delegate* unmanaged[Cdecl]<nint, nint>)Find("rd_kafka_TopicPartitionInfo_leader");

    public static readonly delegate* unmanaged[Cdecl]<nint, nint> TextOfUuid =
        (delegate* unmanaged[Cdecl]<nint, nint>)Find("rd_kafka_Uuid_base64str");

    public static readonly delegate* unmanaged[Cdecl]<nint, long> UpperBitsOfUuid =
        (delegate* unmanaged[Cdecl]<nint, long>)Find("rd_kafka_Uuid_most_significant_bits");

    public static readonly delegate* unmanaged[Cdecl]<nint, int> CodeOfError =
        (delegate* unmanaged[Cdecl]<nint, int>)Find("rd_kafka_error_code");

    public static readonly delegate* unmanaged[Cdecl]<nint, nint> TextOfError =
        (delegate* unmanaged[Cdecl]<nint, nint>)Find("rd_kafka_error_string");

    public static readonly delegate* unmanaged[Cdecl]<nint, void> DestroyError =
        (delegate* unmanaged[Cdecl]<nint, void>)Find("rd_kafka_error_destroy");

    public static readonly delegate* unmanaged[Cdecl]<nint, int, nint> ClusterId =
        (delegate* unmanaged[Cdecl]<nint, int, nint>)Find("rd_kafka_clusterid");

    public static readonly delegate* unmanaged[Cdecl]<nint, nint, void> FreeMemory =
        (delegate* unmanaged[Cdecl]<nint, nint, void>)Find("rd_kafka_mem_free");

    public static readonly delegate* unmanaged[Cdecl]<int, nint> NewPositions =
        (delegate* unmanaged[Cdecl]<int, nint>)Find("rd_kafka_topic_partition_list_new");

    public static readonly delegate* unmanaged[Cdecl]<nint, byte*, int, nint> AddPosition =
        (delegate* unmanaged[Cdecl]<nint, byte*, int, nint>)Find("rd_kafka_topic_partition_list_add");

    public static readonly delegate* unmanaged[Cdecl]<nint, void> DestroyPositions =
        (delegate* unmanaged[Cdecl]<nint, void>)Find("rd_kafka_topic_partition_list_destroy");

    public static readonly delegate* unmanaged[Cdecl]<nint, int, void> SetLeaderEpoch =
        (delegate* unmanaged[Cdecl]<nint, int, void>)Find("rd_kafka_topic_partition_set_leader_epoch");

    public static readonly delegate* unmanaged[Cdecl]<nint, nint, int, nint> SeekPartitions =
        (delegate* unmanaged[Cdecl]<nint, nint, int, nint>)Find("rd_kafka_seek_partitions");

    public static readonly delegate* unmanaged[Cdecl]<nint> NewConfiguration =
        (delegate* unmanaged[Cdecl]<nint>)Find("rd_kafka_conf_new");

    public static readonly delegate* unmanaged[Cdecl]<nint, void> DestroyConfiguration =
        (delegate* unmanaged[Cdecl]<nint, void>)Find("rd_kafka_conf_destroy");

    public static readonly delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, nuint, int> SetProperty =
        (delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, nuint, int>)Find("rd_kafka_conf_set");

    public static readonly delegate* unmanaged[Cdecl]<nint, void> ShowProperties =
        (delegate* unmanaged[Cdecl]<nint, void>)Find("rd_kafka_conf_properties_show");

    public static readonly delegate* unmanaged[Cdecl]<int, int> WaitUntilDestroyed =
        (delegate* unmanaged[Cdecl]<int, int>)Find("rd_kafka_wait_destroyed");

    /// <summary>The handle of a client, which must be kept from being disposed of while it is used.</summary>
    public static SafeHandle HandleOf(IClient client) => (SafeHandle)LibrdkafkaHandleOf(client.Handle);

    private static nint Find(string function) => NativeLibrary.GetExport(Library, function);

    // The one thing that Confluent.Kafka does not make public and that the C API needs.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_LibrdkafkaHandle")]
    [return: UnsafeAccessorType("Confluent.Kafka.Impl.SafeKafkaHandle, Confluent.Kafka")]
    private static extern object LibrdkafkaHandleOf(Handle handle);
}
