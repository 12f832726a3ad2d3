using System.Collections.Concurrent;
using Pulse.Actors.Storage;
using Pulse.Counting;

namespace Pulse.Actors.Live;

/// <summary>
/// Answers <see cref="RollupQuery"/>s: the newest windows from memory, older ones from storage, each window from one of
/// the two only. Equal questions between two changes are answered once. Thread-safe.
/// </summary>
public sealed class RollupReader(ReadModel model, ResultStore store)
{
    /// <summary>How many rows of storage one question may read.</summary>
    public const int MaximumStoredRows = 1_000_000;

    /// <summary>How many questions may read storage at once; others wait.</summary>
    public const int MaximumReads = 2;

    private const int MaximumKept = 256;
    private static readonly TimeSpan StoredAnswerAge = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Kept> _kept = new(StringComparer.Ordinal);
    // Of the node's four connections, so that checkpoints and the coordinator always find one.
    private readonly SemaphoreSlim _storageReads = new(MaximumReads);

    /// <summary>The counts in memory.</summary>
    public ReadModel Model => model;

    /// <summary>Answers a question.</summary>
    /// <exception cref="StorageException">Older windows were asked for and storage does not answer.</exception>
    /// <exception cref="QueryTooLargeException">More of storage would have to be read than one question may.</exception>
    public async Task<RollupAnswer> AnswerAsync(RollupQuery query, CancellationToken cancellationToken)
    {
        var counts = model.Find(query.Rollup.Name)
            ?? throw new ArgumentException($"{query.Rollup} is not counted here.", nameof(query));
        var now = Environment.TickCount64;
        if (_kept.TryGetValue(query.Text, out var kept) && kept.Answer.Version == counts.Version && now < kept.GoodUntil)
            return kept.Answer;

        var sum = new CountSum(query);
        var completeFrom = counts.CompleteFrom;
        var isStored = NeedsStorage(query, completeFrom);
        if (isStored)
            await AddStoredAsync(query, completeFrom!.Value, sum, cancellationToken).ConfigureAwait(false);
        counts.AddTo(isStored ? query with { From = Later(query.From, completeFrom!.Value) } : query, sum);
        var answer = sum.ToAnswer();
        if (_kept.Count >= MaximumKept)
            _kept.Clear();
        _kept[query.Text] = new Kept(answer, isStored ? now + (long)StoredAnswerAge.TotalMilliseconds : long.MaxValue);
        return answer;
    }

    private static bool NeedsStorage(RollupQuery query, Window? completeFrom) =>
        completeFrom is { EndUnixSeconds: > 0 } from
        && query.NewestWindows is null
        && (query.From is not { } after || after < from.EndUtc)
        && (query.Dates.Count == 0 || query.Dates.Min <= DateOnly.FromDateTime(from.EndUtc));

    private async Task AddStoredAsync(
        RollupQuery query, Window completeFrom, CountSum sum, CancellationToken cancellationToken)
    {
        var from = query.From is { } after ? Window.EndingAt(after) : new Window(0);
        var to = query.To is { } before && before < completeFrom.EndUtc ? FirstFrom(before) : completeFrom;
        var ranges = query.Dates.Count == 0
            ? [(from, to)]
            : query.Dates.Select(date => Window.EndingAt(date.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc)))
                .Select(midnight => (
                    From: from > midnight ? from : midnight,
                    To: new Window(Math.Min(midnight.EndUnixSeconds + (24 * 60 * 60), to.EndUnixSeconds))))
                .Where(range => range.From < range.To);

        await _storageReads.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var rows = 0;
            foreach (var (first, end) in ranges)
            {
                await foreach (var row in store.ReadRangeAsync(query.Rollup, first, end, cancellationToken).ConfigureAwait(false))
                {
                    if (++rows > MaximumStoredRows)
                        throw new QueryTooLargeException(MaximumStoredRows);
                    if (query.Includes(row.Window))
                        sum.Add(row.Key, row.Window, row.Count);
                }
            }
        }
        finally
        {
            _storageReads.Release();
        }
    }

    // A window that ends with the second ends before what comes within it.
    private static Window FirstFrom(DateTime time) => Window.EndingAt(time.AddTicks(TimeSpan.TicksPerSecond - 1));

    private static DateTime Later(DateTime? from, Window window) =>
        from is { } given && given > window.EndUtc ? given : window.EndUtc;

    private sealed record Kept(RollupAnswer Answer, long GoodUntil);
}
