using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;

namespace Pulse.Actors.Broker;

/// <summary>
/// Describes a topic by librdkafka's own call: Confluent.Kafka's never completes where a partition has no leader, whatever
/// its timeout, and its client is of no use afterwards.
/// </summary>
internal static unsafe class TopicDescriber
{
    // The client ends a question at its limit by itself; it is only waited for a little longer.
    private const int Grace = 500;

    /// <summary>Asks; blocks the calling thread for the limit at most.</summary>
    /// <param name="client">Any client of the brokers.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="limit">How long the broker may take.</param>
    /// <returns>The topic's id, null where the broker has no such ids, and whether each partition has a leader.</returns>
    /// <exception cref="KafkaException">The broker refused, or did not answer in time.</exception>
    public static (string? Id, ImmutableArray<bool> HasLeader) Describe(IClient client, string topic, TimeSpan limit) =>
        With(client, handle => Describe(handle, topic, (int)limit.TotalMilliseconds));

    /// <summary>
    /// The cluster's id, by the newest answer about topics that the client got. Asking for the cluster itself (DescribeCluster) is not safe:
    /// where a broker answers that there is no broker, as a single one does while it stops, librdkafka ends the process by an assertion.
    /// </summary>
    /// <param name="client">Any client of the brokers.</param>
    /// <param name="limit">How long to wait for the first such answer.</param>
    /// <exception cref="KafkaException">None came, or brokers have no such id.</exception>
    public static string ClusterOf(IClient client, TimeSpan limit) => With(client, handle =>
    {
        var id = NativeClient.ClusterId(handle, (int)limit.TotalMilliseconds);
        if (id == 0)
            throw new KafkaException(new Error(ErrorCode.Local_TimedOut, "no broker said which cluster it is of"));
        try
        {
            return Marshal.PtrToStringUTF8(id)!;
        }
        finally
        {
            NativeClient.FreeMemory(handle, id);
        }
    });

    private static T With<T>(IClient client, Func<nint, T> call)
    {
        var handle = NativeClient.HandleOf(client);
        var isHeld = false;
        try
        {
            handle.DangerousAddRef(ref isHeld);
            return call(handle.DangerousGetHandle());
        }
        finally
        {
            if (isHeld)
                handle.DangerousRelease();
        }
    }

    private static (string? Id, ImmutableArray<bool> HasLeader) Describe(nint client, string topic, int milliseconds)
    {
        var queue = NativeClient.NewQueue(client);
        var options = NativeClient.NewOptions(client, NativeClient.DescribeTopicsOperation);
        nint topics, answer = 0;
        fixed (byte* name = Encoding.UTF8.GetBytes(topic + '\0'))
        {
            var names = name;
            topics = NativeClient.NewTopics(&names, 1);
        }

        try
        {
            var problem = stackalloc byte[256];
            if (NativeClient.SetRequestTimeout(options, milliseconds, problem, 256) is not 0 and var code)
                throw new KafkaException(new Error((ErrorCode)code, Marshal.PtrToStringUTF8((nint)problem)));
            NativeClient.DescribeTopics(client, topics, options, queue);
            answer = NativeClient.PollQueue(queue, milliseconds + Grace);
            return answer == 0
                ? throw new KafkaException(new Error(ErrorCode.Local_TimedOut, "the broker did not answer in time"))
                : Read(answer);
        }
        finally
        {
            if (answer != 0)
                NativeClient.DestroyEvent(answer);
            NativeClient.DestroyTopics(topics);
            NativeClient.DestroyOptions(options);
            NativeClient.DestroyQueue(queue);
        }
    }

    private static (string? Id, ImmutableArray<bool> HasLeader) Read(nint answer)
    {
        if (NativeClient.ErrorOfEvent(answer) is not 0 and var code)
            throw new KafkaException(new Error((ErrorCode)code, Marshal.PtrToStringUTF8(NativeClient.ErrorTextOfEvent(answer))));
        nuint count;
        var described = NativeClient.TopicsOf(NativeClient.DescribedTopics(answer), &count);
        if (count != 1)
            throw new KafkaException(ErrorCode.Local_BadMsg);
        var topic = described[0];
        var error = NativeClient.ErrorOfTopic(topic);
        if (error != 0 && NativeClient.CodeOfError(error) != 0)
            throw new KafkaException(
                new Error((ErrorCode)NativeClient.CodeOfError(error), Marshal.PtrToStringUTF8(NativeClient.TextOfError(error))));
        return (IdOf(topic), LeadersOf(topic));
    }

    private static string? IdOf(nint topic)
    {
        var id = NativeClient.IdOfTopic(topic);
        return id == 0 || NativeClient.UpperBitsOfUuid(id) == 0 ? null : Marshal.PtrToStringUTF8(NativeClient.TextOfUuid(id));
    }

    private static ImmutableArray<bool> LeadersOf(nint topic)
    {
        nuint count;
        var partitions = NativeClient.PartitionsOfTopic(topic, &count);
        var hasLeader = new bool[(int)count];
        for (var index = 0; index < hasLeader.Length; index++)
        {
            var number = NativeClient.NumberOfPartition(partitions[index]);
            if (number >= 0 && number < hasLeader.Length)
                hasLeader[number] = NativeClient.LeaderOfPartition(partitions[index]) != 0;
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(hasLeader);
    }
}
