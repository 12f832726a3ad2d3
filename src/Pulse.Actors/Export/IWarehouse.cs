using Pulse.Actors.Rollups;
using Pulse.Actors.Storage;

namespace Pulse.Actors.Export;

/// <summary>
/// Where finished counts go for analysts: BigQuery, or Parquet files on disk. One (rollup, UTC date) is the unit of
/// everything: it is replaced as a whole, so doing it twice leaves what doing it once leaves.
/// </summary>
public interface IWarehouse
{
    /// <summary>For people: the kind and place, such as <c>Parquet files in ./pulse-data/warehouse</c>.</summary>
    string Description { get; }

    /// <summary>Replaces all rows of one date of one rollup, atomically for readers.</summary>
    /// <param name="rollup">The rollup; its name is the table's name.</param>
    /// <param name="date">The UTC date of the rows' window ends.</param>
    /// <param name="rows">Every row that storage holds for the date; read once, in order, with bounded memory.</param>
    /// <param name="cancellationToken">Stops the replacement; readers then still see the previous rows.</param>
    /// <returns>What the warehouse holds for the date now.</returns>
    /// <exception cref="WarehouseException">It could not be done; the previous rows are still there.</exception>
    Task<ExportedDate> ReplaceAsync(
        Rollup rollup, DateOnly date, IAsyncEnumerable<ResultRow> rows, CancellationToken cancellationToken);
}
