using Pulse.Actors.Rollups;
using Pulse.Actors.Storage;

namespace Pulse.Actors.Export;

/// <summary>
/// Parquet files on disk, one per rollup and UTC date:
/// <c>&lt;root&gt;/&lt;rollup&gt;/date=YYYY-MM-DD/views.parquet</c>. A date is written aside and renamed over the old
/// file, so a reader sees the old rows or the new ones, whole. A date without rows has no file.
/// </summary>
/// <param name="root">The directory; made when something is first written.</param>
public sealed class ParquetWarehouse(string root) : IWarehouse
{
    /// <summary>The name of every date's file.</summary>
    public const string FileName = "views.parquet";

    // The leading dot and the ending keep unfinished files out of every reader's pattern.
    private const string TemporaryPrefix = "." + FileName + ".";
    private const string TemporarySuffix = ".tmp";

    private readonly string _root = Path.GetFullPath(root);

    /// <inheritdoc />
    public string Description => $"Parquet files in {_root}";

    /// <inheritdoc />
    /// <remarks>An error of <paramref name="rows"/> itself, such as storage's, comes out as it is.</remarks>
    public async Task<ExportedDate> ReplaceAsync(
        Rollup rollup, DateOnly date, IAsyncEnumerable<ResultRow> rows, CancellationToken cancellationToken)
    {
        var directory = Path.Combine(_root, rollup.Name, FormattableString.Invariant($"date={date:yyyy-MM-dd}"));
        var temporary = Path.Combine(directory, TemporaryPrefix + Guid.NewGuid().ToString("N") + TemporarySuffix);
        try
        {
            Directory.CreateDirectory(directory);
            DeleteLeftovers(directory);
            var exported = await WriteAsync(temporary, rollup, date, rows, cancellationToken).ConfigureAwait(false);
            if (exported.Rows > 0)
                File.Move(temporary, Path.Combine(directory, FileName), overwrite: true);
            else
                Remove(directory);
            return exported;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var cause = exception.Message.ReplaceLineEndings(" ").TrimEnd('.');
            throw new WarehouseException(
                $"The Parquet file for {rollup.Name} of {date:yyyy-MM-dd} can't be written in '{directory}' ({cause}). "
                + "Check that the directory is writable and the disk has room; the previous file is still in place.",
                exception);
        }
        finally
        {
            DeleteIfThere(temporary);
        }
    }

    private static async Task<ExportedDate> WriteAsync(
        string path, Rollup rollup, DateOnly date, IAsyncEnumerable<ResultRow> rows, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite);
        long count = 0;
        long views = 0;
        await using (var writer = await ParquetRowWriter.CreateAsync(file, rollup, date, cancellationToken)
            .ConfigureAwait(false))
        {
            await foreach (var row in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                await writer.AddAsync(row, cancellationToken).ConfigureAwait(false);
                count++;
                views += row.Count;
            }

            await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }

        // A rename may reach the disk before the bytes do; after a power cut the old file would be gone for nothing.
        file.Flush(flushToDisk: true);
        return new ExportedDate(count, views, count == 0 ? 0 : file.Length);
    }

    private static void Remove(string directory)
    {
        DeleteIfThere(Path.Combine(directory, FileName));
        DeleteLeftovers(directory);
        if (!Directory.EnumerateFileSystemEntries(directory).Any())
            Directory.Delete(directory);
    }

    private static void DeleteLeftovers(string directory)
    {
        foreach (var leftover in Directory.EnumerateFiles(directory, TemporaryPrefix + "*" + TemporarySuffix))
            File.Delete(leftover);
    }

    private static void DeleteIfThere(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Either its directory is not there, or the error that matters is already on its way.
        }
    }
}
