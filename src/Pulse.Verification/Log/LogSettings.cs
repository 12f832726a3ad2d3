using Confluent.Kafka;

namespace Pulse.Verification.Log;

/// <summary>The clients' configuration.</summary>
internal static class LogSettings
{
    /// <summary>How long a broker may take for an answer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>The configuration of a reader that joins no group and commits nothing.</summary>
    public static ConsumerConfig Consumer(LogAddress log) => new(new Dictionary<string, string>(log.ClientProperties))
    {
        GroupId = log.Group,
        EnableAutoCommit = false,
        EnableAutoOffsetStore = false,
        EnablePartitionEof = true,
        IsolationLevel = IsolationLevel.ReadCommitted,
        // Where the log begins later than it did, that is an answer and not a place to go on from.
        AutoOffsetReset = AutoOffsetReset.Error,
        AllowAutoCreateTopics = false,
        QueuedMaxMessagesKbytes = 32_768,
        FetchQueueBackoffMs = 5,
        ConsumeResultFields = "timestamp",
    };

    /// <summary>The configuration of questions.</summary>
    public static AdminClientConfig Questions(LogAddress log) => new(new Dictionary<string, string>(log.ClientProperties))
    {
        SocketTimeoutMs = (int)Patience.TotalMilliseconds,
    };

    /// <summary>Nothing can be read of the topic.</summary>
    public static VerificationException OutOfReach(LogAddress log, string why, Exception? cause = null) =>
        new($"Topic '{log.Topic}' at {log.BootstrapServers}: {why}.", isMistake: false, cause);
}
