using Confluent.Kafka;
using Pulse.EndToEnd.Tests.Support;

namespace Pulse.EndToEnd.Tests.Faults;

/// <summary>Records of every make that a broker takes.</summary>
public sealed class RecordTests(OneBroker shared, ITestOutputHelper output) : OneBrokerTest(shared, output)
{
    private const int Records = 200;
    private static readonly Timestamp NoTimestamp = new(-1, TimestampType.CreateTime);

    [Theory]
    [InlineData(CompressionType.None)]
    [InlineData(CompressionType.Gzip)]
    [InlineData(CompressionType.Snappy)]
    [InlineData(CompressionType.Lz4)]
    [InlineData(CompressionType.Zstd)]
    public async Task Every_codec(CompressionType codec)
    {
        var pair = await SharedPairAsync();

        await pair.Stream.WriteAsync(
            SampleRecords.Events(Records, seed: (long)codec), new ProducerConfig { CompressionType = codec, LingerMs = 100 });

        await CountsAgainAsync(pair);
        await pair.AssertExactAsync();
        Assert.Contains(StoredBatch.Read(Shared.Broker.LogDirectory, pair.Stream.Topic), batch => batch.Codec == codec);
    }

    [Fact]
    public async Task Log_append_time()
    {
        var pair = await SharedPairAsync();
        await pair.Stream.SetAsync("message.timestamp.type", "LogAppendTime");
        var deadBefore = pair.Stream.Judge().DeadLetters.GetValueOrDefault("TimestampInFuture");

        // By the producer's stamp, which the broker replaces, it would not be too far ahead.
        var ahead = DateTimeOffset.UtcNow.AddMinutes(30);
        await pair.Stream.WriteAsync(SampleRecords.Events(Records).Append(new Message<byte[], byte[]>
        {
            Value = SampleRecords.Event(ahead), Timestamp = new Timestamp(ahead),
        }));

        await CountsAgainAsync(pair);
        await pair.AssertExactAsync();
        await pair.Stream.SetAsync("message.timestamp.type", "CreateTime");
        Assert.InRange(pair.Stream.Judge().DeadLetters["TimestampInFuture"], deadBefore + 1, long.MaxValue);
        Assert.Contains(StoredBatch.Read(Shared.Broker.LogDirectory, pair.Stream.Topic), batch => batch.IsLogAppendTime);
    }

    [Fact]
    public async Task No_record_timestamps()
    {
        var pair = await SharedPairAsync();
        var farAway = new DateTimeOffset(2200, 1, 1, 0, 0, 0, TimeSpan.Zero);

        // An event of any time counts: nothing says how far ahead it is.
        await pair.Stream.WriteAsync(SampleRecords.Events(Records)
            .Append(new Message<byte[], byte[]> { Value = SampleRecords.Event(farAway) })
            .Select(record => new Message<byte[], byte[]> { Key = record.Key, Value = record.Value, Timestamp = NoTimestamp }));

        await CountsAgainAsync(pair);
        await pair.AssertExactAsync();
        Assert.Contains(pair.Stream.Judge().Rows.Keys, row => row.WindowEnd > farAway.ToUnixTimeSeconds());
        Assert.Contains(StoredBatch.Read(Shared.Broker.LogDirectory, pair.Stream.Topic), batch => batch.MaximumTimestamp == -1);
    }

    [Fact]
    public async Task Null_and_empty_values_and_keys()
    {
        var pair = await SharedPairAsync();
        var deadBefore = pair.Stream.Judge().DeadLetters.GetValueOrDefault("Empty");
        var good = SampleRecords.Event(DateTimeOffset.UtcNow);
        byte[]?[] keys = [null, [], [0], [0xff, 0xfe], "user"u8.ToArray()];
        byte[]?[] values = [null, [], good];

        await pair.Stream.WriteAsync(keys.SelectMany(key => values.Select(
            value => new Message<byte[], byte[]> { Key = key!, Value = value! })));

        await CountsAgainAsync(pair);
        await pair.AssertExactAsync();
        Assert.InRange(pair.Stream.Judge().DeadLetters["Empty"], deadBefore + (keys.Length * 2), long.MaxValue);
    }

    [Fact]
    public async Task Records_of_1_MB()
    {
        const int Megabyte = 1_000_000;
        var pair = await SharedPairAsync();
        var now = DateTimeOffset.UtcNow;

        // Good ones, one that is no event, and one with a key of that size.
        await pair.Stream.WriteAsync(
            Enumerable.Range(0, 4).Select(_ => new Message<byte[], byte[]> { Value = SampleRecords.Event(now, new string('x', Megabyte)) })
                .Append(new Message<byte[], byte[]> { Value = [.. Enumerable.Repeat((byte)'x', Megabyte)] })
                .Append(new Message<byte[], byte[]> { Key = new byte[Megabyte], Value = SampleRecords.Event(now) }),
            new ProducerConfig { MessageMaxBytes = 2 * Megabyte, BatchSize = 1 });

        await CountsAgainAsync(pair);
        await pair.AssertExactAsync();
        Assert.Equal(6, StoredBatch.Read(Shared.Broker.LogDirectory, pair.Stream.Topic).Count(batch => batch.Bytes > Megabyte));
    }
}
