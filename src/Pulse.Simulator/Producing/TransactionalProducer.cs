using Confluent.Kafka;

namespace Pulse.Simulator.Producing;

/// <summary>
/// A producer whose records come in transactions, each of them once or not at all, also where a broker dies in between: what a
/// reader of committed records finds is what was produced. Its transactional id is the topic's, so a second simulator on the
/// same topic ends the first.
/// </summary>
internal sealed class TransactionalProducer : IRecordProducer
{
    private const int MaximumRecords = 5_000;
    private static readonly TimeSpan MaximumAge = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly IProducer<byte[], byte[]> _producer;
    private readonly TimeSpan _patience;
    private readonly List<(string Topic, Message<byte[], byte[]> Record)> _records = [];
    private TaskCompletionSource _due = new();
    private Task _ending = Task.CompletedTask;
    private bool _isOpen;
    private long _delivered;
    private long _failed;
    private volatile string? _firstFailure;

    /// <summary>Connects, and ends what a predecessor with the same id has left open.</summary>
    /// <exception cref="SimulatorException">The brokers don't let it.</exception>
    internal TransactionalProducer(SimulatorOptions options)
    {
        _patience = options.DeliveryTimeout;
        _producer = ProducerClient.Build(options, $"pulse-simulator-{options.Topic}", onFatal: reason => _firstFailure ??= reason);
        try
        {
            Insist(() => _producer.InitTransactions(Step));
        }
        catch (KafkaException failure)
        {
            _producer.Dispose();
            throw new SimulatorException(
                $"Kafka at {options.BootstrapServers} takes no transactions ({failure.Error.Reason}). "
                + "Does it have brokers for the topic __transaction_state, and may this user use transactional ids?", failure);
        }
    }

    /// <inheritdoc />
    public long Delivered => Interlocked.Read(ref _delivered);

    /// <inheritdoc />
    public long Failed => Interlocked.Read(ref _failed);

    /// <inheritdoc />
    public string? FirstFailure => _firstFailure;

    /// <inheritdoc />
    public bool TryProduce(string topic, byte[]? key, byte[] value, Timestamp timestamp = default)
    {
        if (_firstFailure is { } failure)
            throw new SimulatorException($"A transaction was given up ({failure}).");
        // Whoever commits has it for a while.
        if (!_gate.TryEnter())
            return false;
        try
        {
            return TryAdd(topic, new Message<byte[], byte[]> { Key = key!, Value = value, Timestamp = timestamp });
        }
        catch (KafkaException refusal)
        {
            throw new SimulatorException($"Kafka's client refused a record for '{topic}': {refusal.Error.Reason}", refusal);
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <inheritdoc />
    public Task FlushAsync(TimeSpan limit, CancellationToken cancellation)
    {
        _due.TrySetResult();
        return Task.WhenAny(_ending, Task.Delay(limit, cancellation));
    }

    /// <inheritdoc />
    public void Dispose() => _producer.Dispose();

    private bool TryAdd(string topic, Message<byte[], byte[]> record)
    {
        if (_records.Count >= MaximumRecords)
            return false;
        if (!_isOpen)
            Begin();
        if (!TryHandOver(topic, record))
            return false;
        _records.Add((topic, record));
        if (_records.Count == MaximumRecords)
            _due.TrySetResult();
        return true;
    }

    private void Begin()
    {
        _producer.BeginTransaction();
        _due = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ending = EndAsync(_due.Task);
        _isOpen = true;
    }

    private async Task EndAsync(Task due)
    {
        await Task.WhenAny(due, Task.Delay(MaximumAge)).ConfigureAwait(false);
        await Task.Run(End).ConfigureAwait(false);
    }

    private void End()
    {
        lock (_gate)
        {
            try
            {
                Commit();
                Interlocked.Add(ref _delivered, _records.Count);
            }
            catch (KafkaException failure)
            {
                _firstFailure ??= failure.Error.Reason;
                Interlocked.Add(ref _failed, _records.Count);
            }

            _records.Clear();
            _isOpen = false;
        }
    }

    // What a transaction held that had to be aborted comes again in the next one.
    private void Commit()
    {
        var deadline = Environment.TickCount64 + (long)_patience.TotalMilliseconds;
        while (true)
        {
            try
            {
                Insist(() => _producer.CommitTransaction(Step));
                return;
            }
            catch (KafkaTxnRequiresAbortException) when (Environment.TickCount64 < deadline)
            {
                Insist(() => _producer.AbortTransaction(Step));
                _producer.BeginTransaction();
                foreach (var (topic, record) in _records)
                {
                    if (!TryHandOver(topic, record))
                        throw new KafkaException(ErrorCode.Local_QueueFull);
                }
            }
        }
    }

    /// <summary>Asks the same again where the client says that it may be asked, which may have done it already.</summary>
    private void Insist(Action question)
    {
        var deadline = Environment.TickCount64 + (long)_patience.TotalMilliseconds;
        while (true)
        {
            try
            {
                question();
                return;
            }
            catch (KafkaRetriableException) when (Environment.TickCount64 < deadline)
            {
                // Again.
            }
        }
    }

    /// <returns>False where the client has no room.</returns>
    private bool TryHandOver(string topic, Message<byte[], byte[]> record)
    {
        try
        {
            _producer.Produce(topic, record);
            return true;
        }
        catch (ProduceException<byte[], byte[]> failure) when (failure.Error.Code == ErrorCode.Local_QueueFull)
        {
            return false;
        }
        catch (ProduceException<byte[], byte[]> failure) when (failure.Error.Code == ErrorCode.Local_State)
        {
            // A transaction that has to be aborted takes nothing more: the record comes with the next one.
            return true;
        }
    }
}
