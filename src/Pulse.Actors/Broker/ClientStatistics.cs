using System.Collections.Immutable;
using System.Text.Json;

namespace Pulse.Actors.Broker;

/// <summary>What a Kafka client says of itself every few seconds.</summary>
/// <param name="QueuedMessages">Records that it has fetched and nobody has taken, or that wait to be sent.</param>
/// <param name="QueuedBytes">Their size.</param>
/// <param name="Brokers">Its connections; of very many, the first ones.</param>
/// <remarks>
/// The document is librdkafka's,
/// <see href="https://github.com/confluentinc/librdkafka/blob/master/STATISTICS.md"/>; only what is used is read.
/// </remarks>
public sealed record ClientStatistics(long QueuedMessages, long QueuedBytes, ImmutableArray<BrokerStatistics> Brokers)
{
    /// <summary>How many brokers are read; a client of a very large cluster may know more.</summary>
    public const int MaximumBrokers = 200;

    /// <summary>Reads the document.</summary>
    /// <param name="json">In UTF-8.</param>
    /// <exception cref="JsonException">It is none.</exception>
    public static ClientStatistics Parse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        Begin(ref reader);
        var (messages, bytes) = (0L, 0L);
        var brokers = ImmutableArray.CreateBuilder<BrokerStatistics>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("msg_cnt"u8))
                messages = Math.Max(messages, Number(ref reader));
            else if (reader.ValueTextEquals("msg_size"u8))
                bytes = Math.Max(bytes, Number(ref reader));
            else if (reader.ValueTextEquals("brokers"u8))
                ReadBrokers(ref reader, brokers);
            else if (reader.ValueTextEquals("topics"u8))
                ReadTopics(ref reader, ref messages, ref bytes);
            else
                reader.Skip();
        }

        return new ClientStatistics(messages, bytes, brokers.ToImmutable());
    }

    private static void ReadBrokers(ref Utf8JsonReader reader, ImmutableArray<BrokerStatistics>.Builder brokers)
    {
        Begin(ref reader);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (brokers.Count < MaximumBrokers)
                brokers.Add(ReadBroker(ref reader));
            else
                reader.Skip();
        }
    }

    private static BrokerStatistics ReadBroker(ref Utf8JsonReader reader)
    {
        var broker = new BrokerStatistics(reader.GetString()!, "", 0, 0, null, null);
        Begin(ref reader);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("state"u8))
                broker = reader.Read() ? broker with { State = reader.GetString() ?? "" } : broker;
            else if (reader.ValueTextEquals("txerrs"u8) || reader.ValueTextEquals("rxerrs"u8))
                broker = broker with { Errors = broker.Errors + Number(ref reader) };
            else if (reader.ValueTextEquals("req_timeouts"u8))
                broker = broker with { Timeouts = Number(ref reader) };
            else if (reader.ValueTextEquals("rtt"u8))
                broker = ReadRoundTrips(ref reader, broker);
            else
                reader.Skip();
        }

        return broker;
    }

    private static BrokerStatistics ReadRoundTrips(ref Utf8JsonReader reader, BrokerStatistics broker)
    {
        var (count, median, p99) = (0L, 0L, 0L);
        Begin(ref reader);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("cnt"u8))
                count = Number(ref reader);
            else if (reader.ValueTextEquals("p50"u8))
                median = Number(ref reader);
            else if (reader.ValueTextEquals("p99"u8))
                p99 = Number(ref reader);
            else
                reader.Skip();
        }

        return count == 0 ? broker : broker with { RoundTripMedianMicroseconds = median, RoundTripP99Microseconds = p99 };
    }

    private static void ReadTopics(ref Utf8JsonReader reader, ref long messages, ref long bytes)
    {
        Begin(ref reader);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Begin(ref reader);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("partitions"u8))
                    ReadPartitions(ref reader, ref messages, ref bytes);
                else
                    reader.Skip();
            }
        }
    }

    // All partitions are fetched into one queue, and each says how long that is.
    private static void ReadPartitions(ref Utf8JsonReader reader, ref long messages, ref long bytes)
    {
        Begin(ref reader);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Begin(ref reader);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("fetchq_cnt"u8))
                    messages = Math.Max(messages, Number(ref reader));
                else if (reader.ValueTextEquals("fetchq_size"u8))
                    bytes = Math.Max(bytes, Number(ref reader));
                else
                    reader.Skip();
            }
        }
    }

    private static void Begin(ref Utf8JsonReader reader)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("An object was expected.");
    }

    private static long Number(ref Utf8JsonReader reader) =>
        reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) ? number : 0;
}
