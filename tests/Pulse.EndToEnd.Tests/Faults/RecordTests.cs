using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Confluent.Kafka;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;

namespace Pulse.EndToEnd.Tests.Faults;

/// <summary>Records of every make that a broker takes.</summary>
public sealed class RecordTests(OneBroker shared, ITestOutputHelper output) : OneBrokerTest(shared, output)
{
    private const int Records = 200;
    private const int Wrong = 2_000;
    private static readonly Timestamp NoTimestamp = new(-1, TimestampType.CreateTime);

    [Fact]
    public async Task Every_codec()
    {
        CompressionType[] codecs =
            [CompressionType.None, CompressionType.Gzip, CompressionType.Snappy, CompressionType.Lz4, CompressionType.Zstd];
        var pair = await SharedPairAsync();

        foreach (var codec in codecs)
            await pair.Stream.WriteAsync(
                SampleRecords.Events(Records, seed: (long)codec), new ProducerConfig { CompressionType = codec, LingerMs = 100 });

        await CountsAgainAsync(pair);
        await pair.AssertExactAsync();
        var written = StoredBatch.Read(Shared.Broker.LogDirectory, pair.Stream.Topic).Select(batch => batch.Codec).ToHashSet();
        Assert.All(codecs, codec => Assert.Contains(codec, written));
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

    [Theory]
    [InlineData("a schema registry", "NotJson .* begins with 00 00 00 00 01 7B .* schema registry's prefix")]
    [InlineData("a byte order mark", "NotJson .* begins with EF BB BF 7B .* a byte order mark")]
    [InlineData("change data", "MissingField DeviceType .* an envelope of change data")]
    [InlineData("compressed by hand", "NotJson .* begins with 1F 8B .* gzip within the value")]
    [InlineData("made JSON twice", "begins with 22 .* made JSON twice")]
    public async Task A_whole_producer_in_another_format(string format, string expected)
    {
        const string problem = "% of the records that this node reads are no viewing events";
        var pair = await SharedPairAsync();
        var lines = pair.Nodes.Select(node => node.Output.Count).ToList();

        // While nothing else comes.
        await pair.JudgeAsync(async () =>
        {
            await pair.Stream.WriteAsync(SampleRecords.Events(Wrong).Select(
                record => new Message<byte[], byte[]> { Key = record.Key, Value = Written(format, record.Value) }));
            foreach (var node in pair.Nodes)
            {
                await Eventually.HoldsAsync("it is in the status", NodePair.Limit, async () => (await node.StatusAsync()).FormatProblem is not null);
                Assert.Contains(problem, (await node.StatusAsync()).FormatProblem, StringComparison.Ordinal);
                Assert.Matches(expected, (await node.StatusAsync()).FormatProblem);
                // Answers to scrapes are kept for a moment.
                await Eventually.HoldsAsync("the metric says it", NodePair.Limit, async () =>
                    Regex.IsMatch(await node.GetAsync("/metrics"), "(?m)^pulse_ingest_wrong_format({})? 1$"));
                Assert.Null(await node.UnreadyAsync());
            }

            foreach (var node in pair.Nodes)
                await Eventually.HoldsAsync("each node's page shows both", NodePair.Limit, async () =>
                    (await node.GetAsync("/cluster")).Split("data-testid=\"format-problem\"").Length == 3);
            var (exitCode, said) = await pair.StatusCommandAsync(pair.Nodes[0]);
            Assert.Equal(1, exitCode);
            Assert.Equal(2, said.Count(line => line.StartsWith("Node ", StringComparison.Ordinal) && line.Contains(problem, StringComparison.Ordinal)));
        });

        await pair.Stream.WriteAsync(SampleRecords.Events(3 * Wrong, seed: 12));

        foreach (var (node, from) in pair.Nodes.Zip(lines))
        {
            await Eventually.HoldsAsync("it is over", NodePair.Limit, async () => (await node.StatusAsync()).FormatProblem is null);
            // A line is there a moment after what it tells.
            await Eventually.HoldsAsync("it says so", NodePair.Limit, () => Task.FromResult(
                node.Output.Skip(from).Any(line => line.Contains("viewing events again, after ", StringComparison.Ordinal))));
            Assert.Single(node.Output.Skip(from), line => line.Contains("A producer seems to write another format: ", StringComparison.Ordinal));
            Assert.Single(node.Output.Skip(from), line => line.Contains("viewing events again, after ", StringComparison.Ordinal));
        }

        await pair.AssertExactAsync();
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

    private static byte[] Written(string format, byte[] value) => format switch
    {
        "a schema registry" => [0, 0, 0, 0, 1, .. value],
        "a byte order mark" => [0xEF, 0xBB, 0xBF, .. value],
        "compressed by hand" => Compressed(value),
        "made JSON twice" => JsonSerializer.SerializeToUtf8Bytes(Encoding.UTF8.GetString(value)),
        _ => [.. "{\"after\":"u8, .. value, (byte)'}'],
    };

    private static byte[] Compressed(byte[] value)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
            gzip.Write(value);
        return compressed.ToArray();
    }
}
