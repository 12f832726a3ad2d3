using System.Data.Common;
using System.Globalization;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;

namespace Pulse.Actors.Storage.Upgrade;

/// <summary>Reads a result table that an earlier version filled.</summary>
/// <param name="connection">The database.</param>
/// <param name="table">The table.</param>
/// <param name="dialect">The database's kind.</param>
internal sealed class EarlierTable(DbConnection connection, ResultTable table, SqlDialect dialect)
{
    private const int CellsPerQuestion = 5_000;

    private readonly string _held = $"select count(*) from {dialect.JsonRows("@cells")} join {table.Name} as held on "
        + string.Concat(table.Rollup.Dimensions.Select((name, index) => $"held.{name} = value ->> {index} and "))
        + $"held.{ResultTable.WindowEnd} = cast(value ->> {table.Rollup.Dimensions.Length} as {dialect.InstantType}) and "
        + $"held.{ResultTable.ViewCount} = cast(value ->> {table.Rollup.Dimensions.Length + 1} as bigint)";

    /// <summary>Whether it holds these counts.</summary>
    public async Task<bool> HoldsAsync(IReadOnlyList<KeyCount> counts, CancellationToken cancellationToken)
    {
        foreach (var cells in counts.Chunk(CellsPerQuestion))
        {
            var command = connection.Command(_held, ("cells", CellJson.Write(cells)));
            await using var disposing = command.ConfigureAwait(false);
            var held = await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
            if (Convert.ToInt64(held, CultureInfo.InvariantCulture) != cells.Length)
                return false;
        }

        return true;
    }

    /// <summary>The sum of the rows of each bucket; one row at a time is in memory.</summary>
    public async Task<IReadOnlyList<long>> SumAsync(CancellationToken cancellationToken)
    {
        var sums = new long[table.Rollup.Buckets];
        var names = string.Join(", ", table.Rollup.Dimensions);
        var command = connection.Command($"select {names}, {ResultTable.ViewCount}, {ResultTable.WindowEnd} from {table.Name}");
        await using var disposing = command.ConfigureAwait(false);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var row = table.Read(reader);
            sums[BucketId.NumberOf(table.Rollup, row.Key)] += row.Count;
        }

        return sums;
    }
}
