using Pulse.Counting;

namespace Pulse.Warehouse;

/// <summary>A date's rows as a Parquet file aside, with their digest. Disposing deletes the file if it is still there.</summary>
internal sealed class StagedFile : IDisposable
{
    private StagedFile(string path, DateContent content, long bytes)
    {
        Path = path;
        Content = content;
        Bytes = bytes;
    }

    public string Path { get; }

    public DateContent Content { get; }

    public long Bytes { get; }

    /// <summary>Writes the file, to the disk's surface.</summary>
    /// <exception cref="WarehouseException">It can't be written.</exception>
    public static async Task<StagedFile> WriteAsync(
        string path,
        string warehouse,
        Rollup rollup,
        DateOnly date,
        IAsyncEnumerable<KeyCount> rows,
        CancellationToken cancellationToken)
    {
        try
        {
            using var digest = new ContentDigest(warehouse, rollup, date);
            await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite);
            DateContent content;
            await using (var writer = await ParquetRowWriter.CreateAsync(file, rollup, date, cancellationToken)
                .ConfigureAwait(false))
            {
                await foreach (var row in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
                {
                    digest.Add(row);
                    await writer.AddAsync(row, cancellationToken).ConfigureAwait(false);
                }

                content = digest.Complete();
                await writer.CompleteAsync(content.Digest, cancellationToken).ConfigureAwait(false);
            }

            // A rename may reach the disk before the bytes do; after a power cut the old file would be gone for nothing.
            file.Flush(flushToDisk: true);
            return new StagedFile(path, content, file.Length);
        }
        catch (Exception exception)
        {
            DeleteIfThere(path);
            if (exception is IOException or UnauthorizedAccessException)
                throw Failure(rollup, date, System.IO.Path.GetDirectoryName(path)!, exception);
            throw;
        }
    }

    /// <summary>What to say when a date's file can't be written.</summary>
    public static WarehouseException Failure(Rollup rollup, DateOnly date, string directory, Exception exception) => new(
        $"The Parquet file for {rollup.Name} of {date:yyyy-MM-dd} can't be written in '{directory}' "
        + $"({exception.Message.ReplaceLineEndings(" ").TrimEnd('.')}). Check that the directory is writable and the disk "
        + "has room; what the warehouse held before is still in place.", exception);

    public void Dispose() => DeleteIfThere(Path);

    public static void DeleteIfThere(string path)
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
