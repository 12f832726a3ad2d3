using System.Runtime.CompilerServices;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Warehouse;

namespace Pulse.Actors.Coordination;

/// <summary>
/// The export of one date from storage to the warehouse, in the one order that is safe: stage, wait for what is still
/// under way, skip what is in place, note that a load begins, load, verify. For the coordinator and for an export by hand.
/// </summary>
/// <param name="warehouse">Where to.</param>
/// <param name="readRows">Storage's rows of a date: <see cref="ExportSource.ReadRowsAsync"/>.</param>
/// <param name="readGaps">What a rollup's counts lack: <see cref="ExportSource.ReadGapsAsync"/>; null where nobody can say.</param>
public sealed class DateExport(
    IWarehouse warehouse,
    Func<Rollup, DateOnly, CancellationToken, IAsyncEnumerable<KeyCount>> readRows,
    Func<Rollup, CancellationToken, Task<KnownGaps>>? readGaps = null)
{
    private const long RowsPerNotice = 100_000;

    /// <summary>Brings a date into the warehouse, unless its rows are there already.</summary>
    /// <param name="rollup">The rollup.</param>
    /// <param name="date">The UTC date.</param>
    /// <param name="history">What is known of its earlier loads.</param>
    /// <param name="begin">
    /// Notes durably that a load of a digest begins, before anything of it reaches the warehouse; after a crash the
    /// digest must come back as <see cref="LoadHistory.BegunDigest"/>.
    /// </param>
    /// <param name="tell">Told how it goes, from any thread.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>What the warehouse holds of the date.</returns>
    /// <exception cref="WarehouseException">The warehouse can't take it, or does not hold what was sent.</exception>
    /// <exception cref="StorageException">The rows can't be read.</exception>
    public async Task<ExportedDate> RunAsync(
        Rollup rollup,
        DateOnly date,
        LoadHistory history,
        Func<string, CancellationToken, Task> begin,
        Action<DateStatus> tell,
        CancellationToken cancellationToken)
    {
        tell(new DateStatus(DateStep.Staging));
        await warehouse.PrepareAsync(rollup, cancellationToken).ConfigureAwait(false);
        var rows = Told(readRows(rollup, date, cancellationToken), tell, cancellationToken);
        await using var staged = await warehouse.StageAsync(rollup, date, rows, cancellationToken).ConfigureAwait(false);
        var content = staged.Content;
        // After the rows: what these lack is among it for certain.
        var gaps = await ReadGapsAsync(rollup, cancellationToken).ConfigureAwait(false);

        if (history.BegunDigest is { } begun && begun != content.Digest)
        {
            // A load of other rows may still run in the warehouse and would overwrite this one afterwards.
            tell(new DateStatus(DateStep.Settling, content.Rows, staged.Bytes));
            await warehouse.SettleAsync(rollup, date, begun, tell, cancellationToken).ConfigureAwait(false);
        }
        else if (history is { BegunDigest: null, LoadedDigest: { } loaded } && loaded == content.Digest
            && await staged.IsInPlaceAsync(isKnownLoaded: true, cancellationToken).ConfigureAwait(false))
        {
            tell(new DateStatus(DateStep.Unchanged, content.Rows));
            return new ExportedDate(content.Rows, content.ViewCount, 0, content.Digest, IsUnchanged: true, gaps);
        }

        if (history.BegunDigest != content.Digest)
            await begin(content.Digest, cancellationToken).ConfigureAwait(false);
        var exported = await staged.LoadAsync(history, gaps, tell, cancellationToken).ConfigureAwait(false) with { Gaps = gaps };
        tell(new DateStatus(DateStep.Done, exported.Rows, exported.Bytes));
        return exported;
    }

    /// <summary>Says what <see cref="RunAsync"/> would do, and changes nothing in the warehouse.</summary>
    /// <param name="rollup">The rollup.</param>
    /// <param name="date">The UTC date.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>What would be loaded; unchanged, with zero bytes, where the warehouse holds it already.</returns>
    public async Task<ExportedDate> PreviewAsync(Rollup rollup, DateOnly date, CancellationToken cancellationToken)
    {
        var rows = readRows(rollup, date, cancellationToken);
        await using var staged = await warehouse.StageAsync(rollup, date, rows, cancellationToken).ConfigureAwait(false);
        var isInPlace = await staged.IsInPlaceAsync(isKnownLoaded: false, cancellationToken).ConfigureAwait(false);
        var content = staged.Content;
        return new ExportedDate(
            content.Rows, content.ViewCount, isInPlace ? 0 : staged.Bytes, content.Digest, isInPlace,
            await ReadGapsAsync(rollup, cancellationToken).ConfigureAwait(false));
    }

    private Task<KnownGaps> ReadGapsAsync(Rollup rollup, CancellationToken cancellationToken) =>
        readGaps?.Invoke(rollup, cancellationToken) ?? Task.FromResult(default(KnownGaps));

    /// <summary>The rows as they are, telling now and then how many have been read.</summary>
    private static async IAsyncEnumerable<KeyCount> Told(
        IAsyncEnumerable<KeyCount> rows,
        Action<DateStatus> tell,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        long read = 0;
        await foreach (var row in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            yield return row;
            if (++read % RowsPerNotice == 0)
                tell(new DateStatus(DateStep.Staging, read));
        }
    }
}
