using Parquet;
using Pulse.Counting;

namespace Pulse.Warehouse;

/// <summary>
/// Parquet files on disk, one per rollup and UTC date:
/// <c>&lt;root&gt;/&lt;rollup&gt;/date=YYYY-MM-DD/views.parquet</c>. A date is written aside, read back, and renamed
/// over the old file, so a reader sees the old rows or the new ones, whole. A date without rows has no file.
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
    public string Identity => $"parquet:{_root}";

    /// <inheritdoc />
    /// <remarks>Directories are made with their first file.</remarks>
    public Task PrepareAsync(Rollup rollup, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public async Task<IStagedDate> StageAsync(
        Rollup rollup, DateOnly date, IAsyncEnumerable<KeyCount> rows, CancellationToken cancellationToken)
    {
        var directory = Path.Combine(_root, rollup.Name, FormattableString.Invariant($"date={date:yyyy-MM-dd}"));
        var temporary = Path.Combine(directory, TemporaryPrefix + Guid.NewGuid().ToString("N") + TemporarySuffix);
        try
        {
            Directory.CreateDirectory(directory);
            DeleteLeftovers(directory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StagedFile.Failure(rollup, date, directory, exception);
        }

        try
        {
            var file = await StagedFile.WriteAsync(temporary, Identity, rollup, date, rows, cancellationToken)
                .ConfigureAwait(false);
            return new StagedDate(file, rollup, date, directory);
        }
        catch
        {
            DeleteIfEmpty(directory);
            throw;
        }
    }

    /// <inheritdoc />
    /// <remarks>A rename is over before its process can be.</remarks>
    public Task SettleAsync(
        Rollup rollup, DateOnly date, string digest, Action<DateStatus> tell, CancellationToken cancellationToken) =>
        Task.CompletedTask;

    private static void DeleteLeftovers(string directory)
    {
        foreach (var leftover in Directory.EnumerateFiles(directory, TemporaryPrefix + "*" + TemporarySuffix))
            File.Delete(leftover);
    }

    private static void DeleteIfEmpty(string directory)
    {
        try
        {
            if (!Directory.EnumerateFileSystemEntries(directory).Any())
                Directory.Delete(directory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // An empty directory does no harm.
        }
    }

    private sealed class StagedDate(StagedFile file, Rollup rollup, DateOnly date, string directory) : IStagedDate
    {
        private readonly string _target = Path.Combine(directory, FileName);

        public DateContent Content => file.Content;

        public long Bytes => file.Bytes;

        public async Task<bool> IsInPlaceAsync(bool isKnownLoaded, CancellationToken cancellationToken)
        {
            if (!File.Exists(_target))
                return Content.Rows == 0;
            try
            {
                await using var reader = await ParquetReader
                    .CreateAsync(_target, cancellationToken: cancellationToken).ConfigureAwait(false);
                return reader.CustomMetadata.TryGetValue(ParquetRowWriter.DigestKey, out var digest)
                    && digest == Content.Digest;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // Whatever it is, it is not these rows.
                return false;
            }
        }

        public async Task<ExportedDate> LoadAsync(
            LoadHistory history, KnownGaps gaps, Action<DateStatus> tell, CancellationToken cancellationToken)
        {
            try
            {
                tell(new DateStatus(DateStep.Verifying, Content.Rows, Bytes));
                await VerifyAsync(cancellationToken).ConfigureAwait(false);
                if (Content.Rows > 0)
                    File.Move(file.Path, _target, overwrite: true);
                else
                    File.Delete(_target);
                return new ExportedDate(
                    Content.Rows, Content.ViewCount, Content.Rows == 0 ? 0 : Bytes, Content.Digest);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw StagedFile.Failure(rollup, date, directory, exception);
            }
        }

        public ValueTask DisposeAsync()
        {
            file.Dispose();
            DeleteIfEmpty(directory);
            return ValueTask.CompletedTask;
        }

        /// <summary>Reads the new file back before it takes the old one's place.</summary>
        private async Task VerifyAsync(CancellationToken cancellationToken)
        {
            long rows = 0;
            long views = 0;
            await using var reader = await ParquetReader
                .CreateAsync(file.Path, cancellationToken: cancellationToken).ConfigureAwait(false);
            var counts = reader.Schema.DataFields.Single(field => field.Name == "view_count");
            for (var index = 0; index < reader.RowGroupCount; index++)
            {
                using var group = reader.OpenRowGroupReader(index);
                var values = new long[group.RowCount];
                await group.ReadAsync<long>(counts, values.AsMemory(), cancellationToken: cancellationToken)
                    .ConfigureAwait(false);
                rows += values.Length;
                views += values.Sum();
            }

            if (rows != Content.Rows || views != Content.ViewCount)
                throw new WarehouseException(
                    $"The Parquet file for {rollup.Name} of {date:yyyy-MM-dd} holds {rows} rows with {views} views, but "
                    + $"{Content.Rows} rows with {Content.ViewCount} views were written. Check the disk under "
                    + $"'{directory}'; the previous file is still in place.");
        }
    }
}
