using System.Data.Common;

namespace Pulse.Actors.Storage;

/// <summary>
/// A node's connections to its database: few, and shared by everything that the node does there. Their errors come out as
/// clear lines. Thread-safe.
/// </summary>
internal interface IStorageSessions : IAsyncDisposable
{
    /// <summary>The kind of the database.</summary>
    StorageKind Kind { get; }

    /// <summary>Where it is.</summary>
    StorageAddress Address { get; }

    /// <summary>Translates what its driver throws.</summary>
    StorageFaults Faults { get; }

    /// <summary>A connection that is not open yet. Throws what the driver throws, as it does itself.</summary>
    DbConnection Create();

    /// <summary>
    /// Runs work in one transaction which no other node is in at the same time; nothing of it stays where it fails. Every failure
    /// comes out as a <see cref="StorageException"/>.
    /// </summary>
    /// <param name="work">Sees all that those before it did.</param>
    /// <param name="patience">How long to wait for another node's work to end.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    Task<T> RunAloneAsync<T>(
        Func<DbConnection, CancellationToken, Task<T>> work, TimeSpan patience, CancellationToken cancellationToken);

    /// <summary>Runs work on an open connection; every failure comes out as a <see cref="StorageException"/>.</summary>
    Task<T> RunAsync<T>(Func<DbConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken);
}
