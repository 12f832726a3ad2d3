using Pulse.Counting;

namespace Pulse.Warehouse;

/// <summary>
/// Where finished counts go for analysts: BigQuery, or Parquet files on disk. One (rollup, UTC date) is the unit of
/// everything: it is staged aside, then replaced as a whole, so doing it twice leaves what doing it once leaves.
/// <c>DateExport</c> is the order in which the steps belong.
/// </summary>
/// <remarks>Thread-safe, for different dates at a time; never two at a time for one date.</remarks>
public interface IWarehouse
{
    /// <summary>For people: the kind and place, such as <c>Parquet files in ./pulse-data/warehouse</c>.</summary>
    string Description { get; }

    /// <summary>
    /// The place as part of every digest: what was loaded into one warehouse says nothing about another.
    /// </summary>
    string Identity { get; }

    /// <summary>Makes what a rollup needs where it is absent, and checks it where it is there.</summary>
    /// <param name="rollup">The rollup; its name is the table's name.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="WarehouseException">It is there and does not fit, or can't be made; nothing was written.</exception>
    Task PrepareAsync(Rollup rollup, CancellationToken cancellationToken);

    /// <summary>Reads a date's rows into a file aside, which no reader of the warehouse sees.</summary>
    /// <param name="rollup">The rollup.</param>
    /// <param name="date">The UTC date of the rows' window ends.</param>
    /// <param name="rows">Every row that storage holds for the date; read once, in order, with bounded memory.</param>
    /// <param name="cancellationToken">Stops it; nothing is left behind then.</param>
    /// <exception cref="WarehouseException">There is no room or no right to write.</exception>
    /// <remarks>An error of <paramref name="rows"/> itself, such as storage's, comes out as it is.</remarks>
    Task<IStagedDate> StageAsync(
        Rollup rollup, DateOnly date, IAsyncEnumerable<KeyCount> rows, CancellationToken cancellationToken);

    /// <summary>
    /// Waits until no load of other rows of the date, begun earlier under a digest and perhaps by a process that is no
    /// more, can change the date any longer.
    /// </summary>
    /// <param name="rollup">The rollup.</param>
    /// <param name="date">The date.</param>
    /// <param name="digest">The digest of that load.</param>
    /// <param name="tell">Told what is waited for.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task SettleAsync(
        Rollup rollup, DateOnly date, string digest, Action<DateStatus> tell, CancellationToken cancellationToken);
}
