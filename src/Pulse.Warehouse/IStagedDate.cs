namespace Pulse.Warehouse;

/// <summary>The rows of one date, read from storage and ready to replace what the warehouse holds. Dispose deletes it.</summary>
public interface IStagedDate : IAsyncDisposable
{
    /// <summary>What was read.</summary>
    DateContent Content { get; }

    /// <summary>The size of what would be sent or written, in bytes.</summary>
    long Bytes { get; }

    /// <summary>Whether the warehouse holds exactly these rows already. Changes nothing.</summary>
    /// <param name="isKnownLoaded">
    /// Whether the caller knows that the last load of the date was of this digest; then the warehouse need only confirm
    /// that nobody has changed the date since.
    /// </param>
    /// <param name="cancellationToken">Stops it.</param>
    Task<bool> IsInPlaceAsync(bool isKnownLoaded, CancellationToken cancellationToken);

    /// <summary>
    /// Replaces all rows of the date, atomically for readers, and compares what the warehouse then holds with what was
    /// staged. A load of this digest that was begun before is continued, not repeated.
    /// </summary>
    /// <param name="history">What is known of earlier loads of the date.</param>
    /// <param name="gaps">What the counts lack: said of the load where the warehouse has a place for it.</param>
    /// <param name="tell">Told how it goes.</param>
    /// <param name="cancellationToken">Stops it; readers then see the previous rows or these.</param>
    /// <returns>What the warehouse holds for the date now.</returns>
    /// <exception cref="WarehouseException">It could not be done, or the warehouse holds something else afterwards.</exception>
    Task<ExportedDate> LoadAsync(LoadHistory history, KnownGaps gaps, Action<DateStatus> tell, CancellationToken cancellationToken);
}
