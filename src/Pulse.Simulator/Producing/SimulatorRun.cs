using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Pulse.Simulator.Generation;

namespace Pulse.Simulator.Producing;

/// <summary>One simulation from the first record to the completion event. Use an instance once.</summary>
public sealed class SimulatorRun
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan InterruptedFlushLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan QueueRetryDelay = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan FlushMargin = TimeSpan.FromSeconds(5);

    private readonly SimulatorOptions options;
    private readonly Func<long, CancellationToken, ValueTask>? beforeBatch;
    private readonly IProgress<SimulatorProgress>? progress;
    private readonly Truth truth = new();
    private TimeSpan reportedAt;
    private long reportedDelivered;
    private long produced;

    /// <summary>Prepares a run; nothing is connected yet.</summary>
    /// <param name="options">Valid options (see <see cref="SimulatorOptions.Validate"/>).</param>
    /// <param name="beforeBatch">
    /// Called with the number of records produced so far before each batch of at most 1,000. It may wait, and the run
    /// waits with it: that keeps a producer from outrunning what the embedded broker retains.
    /// </param>
    /// <param name="progress">Told about the run about four times a second, and once at its end.</param>
    /// <exception cref="ArgumentException">The options are not valid.</exception>
    public SimulatorRun(
        SimulatorOptions options,
        Func<long, CancellationToken, ValueTask>? beforeBatch = null,
        IProgress<SimulatorProgress>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        var mistakes = options.Validate(DateTimeOffset.UtcNow);
        if (mistakes.Count > 0)
            throw new ArgumentException(string.Join(' ', mistakes), nameof(options));
        this.options = options;
        this.beforeBatch = beforeBatch;
        this.progress = progress;
    }

    /// <summary>
    /// Makes the topics that are absent, produces, waits for every confirmation, and then sends the completion
    /// event. Cancellation ends it early: what was produced is flushed and reported, no completion event is sent.
    /// </summary>
    /// <param name="cancellation">Ends the run early.</param>
    /// <returns>How it ended; a failed delivery is told there, not thrown.</returns>
    /// <exception cref="SimulatorException">The broker cannot be reached or refuses a topic.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before the first record.</exception>
    public async Task<SimulatorResult> RunAsync(CancellationToken cancellation)
    {
        await TopicPreparation.EnsureAsync(options, cancellation);
        // The client waits for the brokers where it begins with transactions.
        using IRecordProducer producer = options.Transactional
            ? await Task.Run(() => new TransactionalProducer(options), cancellation)
            : new ConfirmedProducer(options);
        var generator = new EventGenerator(options, DateTimeOffset.UtcNow);
        var pace = new Pace(options.Rate);
        var refusal = await ProduceAsync(generator, producer, pace, cancellation);
        var interrupted = cancellation.IsCancellationRequested && !IsFinished(pace);

        // A user who stops a run wants what was produced to arrive, but not to wait for a broker that is gone.
        await producer.FlushAsync(
            interrupted ? InterruptedFlushLimit : options.DeliveryTimeout + FlushMargin, CancellationToken.None);
        var delivered = producer.Delivered;
        var failure = refusal ?? DescribeLoss(producer);
        var elapsed = pace.Elapsed;
        Report(producer, pace);

        var completed = false;
        if (failure is null && !interrupted && options.Complete)
        {
            failure = await CompleteAsync(producer, delivered);
            completed = failure is null;
        }

        return new SimulatorResult(produced, delivered, failure, interrupted, completed, elapsed, truth);
    }

    /// <returns>Null, or one line that tells why the run ended before its last record.</returns>
    private async Task<string?> ProduceAsync(
        EventGenerator generator, IRecordProducer producer, Pace pace, CancellationToken cancellation)
    {
        try
        {
            while (!IsFinished(pace) && producer.FirstFailure is null)
            {
                cancellation.ThrowIfCancellationRequested();
                await WaitForPermissionAsync(produced, pace, cancellation);
                var due = IsEarly(generator) ? 0 : (int)Math.Min(pace.Due(produced), Remaining);
                if (due == 0)
                    await Task.Delay(pace.UntilNext(produced), cancellation);
                await ProduceBatchAsync(due, generator, producer, pace, cancellation);
                if (pace.Elapsed - reportedAt >= ReportInterval)
                    Report(producer, pace);
            }

            return null;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return null;
        }
        catch (SimulatorException refusal)
        {
            return refusal.Message;
        }
    }

    private async Task ProduceBatchAsync(
        int count, EventGenerator generator, IRecordProducer producer, Pace pace, CancellationToken cancellation)
    {
        for (var index = 0; index < count; index++)
        {
            generator.Next();
            var value = generator.Value.ToArray();
            var timestamp = new Timestamp(generator.Current.RecordMilliseconds, TimestampType.CreateTime);
            while (!producer.TryProduce(options.Topic, generator.Key, value, timestamp))
            {
                await Task.Delay(QueueRetryDelay, cancellation);
                if (pace.Elapsed - reportedAt >= ReportInterval)
                    Report(producer, pace);
            }

            // Only now is it produced: a run that is stopped at a full queue never handed this record over.
            produced++;
            truth.Add(generator.Current);
        }

        cancellation.ThrowIfCancellationRequested();
    }

    private async ValueTask WaitForPermissionAsync(long produced, Pace pace, CancellationToken cancellation)
    {
        if (beforeBatch is null)
            return;
        var before = pace.Elapsed;
        await beforeBatch(produced, cancellation);
        pace.Exclude(pace.Elapsed - before);
    }

    private async Task<string?> CompleteAsync(IRecordProducer producer, long delivered)
    {
        var timestamp = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        var value = Encoding.UTF8.GetBytes($$"""{"status":"complete","timestamp":"{{timestamp}}"}""");
        producer.TryProduce(options.CompletionTopic, null, value);
        await producer.FlushAsync(options.DeliveryTimeout + FlushMargin, CancellationToken.None);
        return producer.Delivered == delivered + 1
            ? null
            : $"All {delivered:N0} events were delivered, but the completion event to '{options.CompletionTopic}' was "
              + $"not ({producer.FirstFailure ?? "no answer"}).";
    }

    private string? DescribeLoss(IRecordProducer producer)
    {
        var lost = produced - producer.Delivered;
        if (lost == 0)
            return null;
        return $"{lost:N0} of {produced:N0} events were not delivered to '{options.Topic}' at "
               + $"{options.BootstrapServers} ({producer.FirstFailure ?? "the broker did not answer in time"}).";
    }

    /// <summary>Whether a stream without a known end has caught up with the clock: it never runs ahead of it.</summary>
    private bool IsEarly(EventGenerator generator) =>
        options.TotalRecords is null && generator.NextRecordTime > DateTimeOffset.UtcNow;

    private bool IsFinished(Pace pace) =>
        Remaining <= 0
        || (options is { Rate: <= 0, Duration: { } duration } && pace.Elapsed >= duration);

    private long Remaining => (options.TotalRecords ?? long.MaxValue) - produced;

    private void Report(IRecordProducer producer, Pace pace)
    {
        var now = pace.Elapsed;
        var delivered = producer.Delivered;
        var seconds = (now - reportedAt).TotalSeconds;
        var rate = seconds > 0 ? (delivered - reportedDelivered) / seconds : 0;
        (reportedAt, reportedDelivered) = (now, delivered);
        progress?.Report(new SimulatorProgress(
            produced, delivered, producer.Failed, options.TotalRecords, now, rate));
    }
}
