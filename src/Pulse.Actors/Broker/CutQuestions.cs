using Pulse.Counting;

namespace Pulse.Actors.Broker;

/// <summary>
/// Asks the brokers whether positions are places in a partition's log, and where the log differs where they are not. What decides
/// is the end of each leader epoch in the log that is there now, so one question for each epoch is enough.
/// </summary>
/// <param name="settings">How to reach the brokers.</param>
/// <param name="limit">How long they may take for one question; null for fifteen seconds.</param>
public sealed class CutQuestions(KafkaSettings settings, TimeSpan? limit = null)
{
    private readonly TimeSpan _limit = limit ?? TimeSpan.FromSeconds(15);

    /// <summary>Asks about positions of one partition.</summary>
    /// <param name="partition">A partition that has a leader.</param>
    /// <param name="span">What its log holds.</param>
    /// <param name="positions">The positions.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Those that are not in the log, each with where it differs. What lies below the log's begin is none of them: retention removed it.</returns>
    /// <exception cref="IngestException">The brokers do not answer, or do not know; the message says what to do.</exception>
    public async Task<IReadOnlyDictionary<LogPosition, LogDivergence>> AskAsync(
        int partition, LogSpan span, IEnumerable<LogPosition> positions, CancellationToken cancellationToken)
    {
        var cuts = new Dictionary<LogPosition, LogDivergence>();
        foreach (var epoch in positions.Distinct().Where(position => position.Offset > span.Begin).GroupBy(position => position.Epoch))
        {
            var furthest = epoch.MaxBy(position => position.Offset);
            if (await AskAsync(partition, span, furthest, cancellationToken).ConfigureAwait(false) is not { } cut)
                continue;
            foreach (var position in epoch.Where(position => position.Offset > cut.At.Offset))
                cuts.Add(position, cut);
        }

        return cuts;
    }

    private async Task<LogDivergence?> AskAsync(int partition, LogSpan span, LogPosition furthest, CancellationToken cancellationToken)
    {
        // Without an epoch there is only the length of the log to compare with.
        var beyondEnd = furthest.Offset > span.End
            ? new LogDivergence(new LogPosition(span.End, LogPosition.UnknownEpoch), IsCertain: false)
            : null;
        if (furthest.Epoch == LogPosition.UnknownEpoch)
            return beyondEnd;
        return await EndAsync(partition, span, furthest, cancellationToken).ConfigureAwait(false) switch
        {
            // No record is missing, but the log ends where others were skipped: what comes there now was never read.
            null => beyondEnd is null ? null : beyondEnd with { IsCertain = true },
            var end when IsAbsent(end) && beyondEnd is null => throw new IngestException(
                $"Partition {partition} of '{settings.Topic}' has no record of leader epoch {furthest.Epoch} any more, and its log is longer than "
                + $"offset {furthest.Offset}: nobody can say from where on it is another one. 'pulse rebuild' of all rollups is the way on.")
            {
                IsUnknowable = true,
            },
            // The log's newest epoch is below the position's: a broker was put back to a copy of earlier days.
            var end when IsAbsent(end) => await BeginOfNewestAsync(partition, span, furthest, cancellationToken).ConfigureAwait(false),
            // The position's epoch is still the newest one, and its records end too early: it was given twice, the first time before a
            // broker was put back. Nobody can say which of its records are of the second time.
            var end when end.Value.Epoch == furthest.Epoch
                && IsAbsent(await EndAsync(partition, span, furthest with { Epoch = furthest.Epoch + 1 }, cancellationToken).ConfigureAwait(false)) =>
                await BeginAsync(partition, span, furthest, cancellationToken).ConfigureAwait(false),
            var end => new LogDivergence(Place(end.Value, span), IsCertain: end.Value.Epoch == furthest.Epoch),
        };
    }

    private static bool IsAbsent(LogPosition? end) => end is { Offset: < 0 } or { Epoch: < 0 };

    private static LogPosition Place(LogPosition end, LogSpan span) =>
        end.Offset > span.Begin ? end : new LogPosition(Math.Max(end.Offset, 0), LogPosition.UnknownEpoch);

    // Above the newest epoch none has an end.
    private async Task<LogDivergence> BeginOfNewestAsync(int partition, LogSpan span, LogPosition furthest, CancellationToken cancellationToken)
    {
        var (newest, absent) = (-1, furthest.Epoch);
        while (absent - newest > 1)
        {
            var middle = newest + ((absent - newest) / 2);
            if (IsAbsent(await EndAsync(partition, span, furthest with { Epoch = middle }, cancellationToken).ConfigureAwait(false)))
                absent = middle;
            else
                newest = middle;
        }

        return await BeginAsync(partition, span, furthest with { Epoch = newest }, cancellationToken).ConfigureAwait(false);
    }

    // An epoch begins where those below it end.
    private async Task<LogDivergence> BeginAsync(int partition, LogSpan span, LogPosition position, CancellationToken cancellationToken)
    {
        var end = position.Epoch <= 0
            ? null
            : await EndAsync(partition, span, position with { Epoch = position.Epoch - 1 }, cancellationToken).ConfigureAwait(false);
        return new LogDivergence(
            end is { } below && !IsAbsent(below) ? Place(below, span) : new LogPosition(span.Begin, LogPosition.UnknownEpoch), IsCertain: false);
    }

    private Task<LogPosition?> EndAsync(int partition, LogSpan span, LogPosition position, CancellationToken cancellationToken) => OwnThread
        .RunAsync(() => EpochSeek.Ask(settings, partition, span.End, position, _limit, cancellationToken))
        .WaitAsync(cancellationToken);
}
