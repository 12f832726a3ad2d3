using System.Globalization;
using DuckDB.NET.Data;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>The exported files, read by a program that shares no code with the one that wrote them.</summary>
internal static class ParquetFiles
{
    /// <summary>Reads all rows after it has compared the columns with the contract's.</summary>
    public static RollupCounts Read(string warehouse)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        var counts = new RollupCounts();
        foreach (var (rollup, dimensions) in RollupCounts.Dimensions)
        {
            var files = $"read_parquet('{warehouse}/{rollup}/date=*/*.parquet', hive_partitioning = false, filename = true)";
            AssertColumns(connection, files, dimensions);
            ReadRows(connection, files, rollup, dimensions, counts);
        }

        return counts;
    }

    private static void AssertColumns(DuckDBConnection connection, string files, string[] dimensions)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"describe select * exclude (filename) from {files}";
        using var reader = command.ExecuteReader();
        var columns = new List<string>();
        while (reader.Read())
            columns.Add($"{reader.GetString(0)} {reader.GetString(1)}");
        Assert.Equal(
            [
                .. dimensions.Select(name => $"{name} VARCHAR"), "view_count BIGINT", "date DATE", "hour VARCHAR",
                "min VARCHAR", "window_end TIMESTAMP WITH TIME ZONE",
            ],
            columns);
    }

    private static void ReadRows(
        DuckDBConnection connection, string files, string rollup, string[] dimensions, RollupCounts counts)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"select {string.Join(", ", dimensions)}, view_count, cast(date as varchar), hour, min, "
            + $"epoch_us(window_end), filename from {files}";
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var end = DateTime.UnixEpoch.AddMicroseconds(reader.GetInt64(6));
            var date = end.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            Assert.Equal(date, reader.GetString(3));
            Assert.Equal(end.Hour.ToString(CultureInfo.InvariantCulture), reader.GetString(4));
            Assert.Equal(end.Minute.ToString(CultureInfo.InvariantCulture), reader.GetString(5));
            Assert.Contains($"/date={date}/", reader.GetString(7), StringComparison.Ordinal);
            counts.Add(rollup, [reader.GetString(0), reader.GetString(1)], end, reader.GetInt64(2));
        }
    }
}
