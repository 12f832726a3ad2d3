using System.Collections.Concurrent;
using Confluent.Kafka;
using Pulse.Simulator;
using Pulse.Simulator.Generation;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>
/// Records of all kinds that this process produces without end, at a steady rate. A test pauses them to judge, since a log that
/// grows has no end. What a broker that dies repeats is in the log twice, and counts twice.
/// </summary>
internal sealed class EventFlow : IAsyncDisposable
{
    /// <summary>Records a second.</summary>
    public const int Rate = 200;

    private const int StepsPerSecond = 20;
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(60);
    private readonly TestStream _stream;
    private readonly IProducer<byte[], byte[]> _producer;
    private readonly EventGenerator _generator;
    private readonly ConcurrentDictionary<int, long> _ends = [];
    private readonly ConcurrentQueue<WrittenRecord> _written = [];
    private readonly SemaphoreSlim _turn;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _running;

    /// <summary>Begins at once, or with <see cref="Resume"/>.</summary>
    /// <param name="stream">Where the records go.</param>
    /// <param name="isPaused">Whether it is paused at first.</param>
    public EventFlow(TestStream stream, bool isPaused = false)
    {
        _stream = stream;
        _turn = new SemaphoreSlim(isPaused ? 0 : 1, 1);
        _producer = stream.Producer(new ProducerConfig
        {
            Acks = Acks.All, LingerMs = 5, MessageTimeoutMs = (int)FlushLimit.TotalMilliseconds, TopicMetadataRefreshIntervalMs = 1_000,
        });
        var options = new SimulatorOptions
        {
            Endless = true, Rate = Rate, Start = DateTimeOffset.UtcNow, Seed = 7, Bad = 0.01, Late = 0.05,
            OutOfOrder = TimeSpan.FromMinutes(2),
        };
        _generator = new EventGenerator(options, DateTimeOffset.UtcNow);
        _running = RunAsync();
    }

    /// <summary>The one partition to which records go; null: each to that of its key.</summary>
    public int? Only { get; set; }

    /// <summary>By partition, the offset after the last record that the broker confirmed.</summary>
    public IReadOnlyDictionary<int, long> Ends => _ends;

    /// <summary>What the broker confirmed, also what it has lost since.</summary>
    public IReadOnlyCollection<WrittenRecord> Written => _written;

    /// <summary>Stops to produce, and returns when everything that was produced is confirmed.</summary>
    public async Task PauseAsync()
    {
        await _turn.WaitAsync();
        await Task.Run(() => Assert.Equal(0, _producer.Flush(FlushLimit)));
    }

    /// <summary>Ends <see cref="PauseAsync"/>.</summary>
    public void Resume() => _turn.Release();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        _producer.Dispose();
        _turn.Dispose();
        _end.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / StepsPerSecond));
        try
        {
            while (await timer.WaitForNextTickAsync(_end.Token))
            {
                await _turn.WaitAsync(_end.Token);
                ProduceStep();
                _turn.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    private void ProduceStep()
    {
        for (var number = 0; number < Rate / StepsPerSecond; number++)
        {
            _generator.Next();
            _producer.Produce(
                new TopicPartition(_stream.Topic, Only ?? Partition.Any),
                new Message<byte[], byte[]>
                {
                    Key = _generator.Key,
                    Value = _generator.Value.ToArray(),
                    Timestamp = new Timestamp(_generator.Current.RecordMilliseconds, TimestampType.CreateTime),
                },
                Confirm);
        }
    }

    private void Confirm(DeliveryReport<byte[], byte[]> report)
    {
        if (report.Error.IsError)
            return;
        var (partition, offset) = (report.Partition.Value, report.Offset.Value);
        _written.Enqueue(new WrittenRecord(partition, offset, report.Message.Value, report.Message.Timestamp.UnixTimestampMs));
        _ends.AddOrUpdate(partition, offset + 1, (_, end) => Math.Max(end, offset + 1));
    }
}
