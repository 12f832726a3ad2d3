using Pulse.Counting;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>
/// The buckets' rows and the result tables, which are one thing: a bucket's counts in its result table are at any time
/// those of exactly the records below its row's positions. One per node, thread-safe. Everything but
/// <see cref="StoreAsync"/> throws <see cref="StorageException"/> where the database can't do it. Disposing it closes the
/// node's connections.
/// </summary>
internal interface ICheckpointStore : IAsyncDisposable
{
    /// <summary>For people: the kind of database and its place, without any secret.</summary>
    string Description { get; }

    /// <summary>
    /// Creates the tables that are absent, the coordinator's included, declares the rollups and gives every bucket a row. Any
    /// number of nodes may do so at once. To be called once, before everything else.
    /// </summary>
    /// <param name="rules">The rules by which records are counted; part of each rollup's declaration.</param>
    /// <param name="cancellationToken">Ends the work, of which nothing stays then.</param>
    /// <exception cref="StorageException">
    /// Unreachable; or the database is of another schema, or a rollup was declared otherwise before. The message says what to
    /// do.
    /// </exception>
    Task PrepareAsync(CountingRules rules, CancellationToken cancellationToken);

    /// <summary>
    /// Takes the database as it is, in place of <see cref="PrepareAsync"/>: for a program that reads and changes nothing.
    /// </summary>
    /// <param name="rules">As for <see cref="PrepareAsync"/>.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="StorageException">
    /// Unreachable; or no node has prepared the database for these rollups, or they were declared otherwise. The message says
    /// what to do.
    /// </exception>
    Task OpenAsync(CountingRules rules, CancellationToken cancellationToken);

    /// <summary>
    /// Takes buckets over, all of them or none: no statement that follows on what was there before can be stored afterwards. Where
    /// the answer is lost, take them over once more: the database makes the new names, so that each takeover has its own.
    /// </summary>
    /// <param name="buckets">Buckets of the store's rollups.</param>
    /// <param name="cancellationToken">Ends the waiting; whether they were taken over is unknown then.</param>
    /// <returns>The row of each bucket, as it is from now on. Absent where it has none: the database went back to before it did.</returns>
    /// <exception cref="DeclaredOtherwiseException">A rollup was rebuilt under another declaration since the store was prepared.</exception>
    Task<IReadOnlyDictionary<BucketId, BucketRow>> TakeOverAsync(
        IReadOnlyCollection<BucketId> buckets, CancellationToken cancellationToken);

    /// <summary>
    /// Stores checkpoints, one after another, each of them in a transaction of its own. A statement may be repeated as long as it
    /// is the very same: it is stored once.
    /// </summary>
    /// <param name="statements">Of buckets of the store's rollups.</param>
    /// <param name="reportedFrom">
    /// The counts of cells whose window ends there or later are read back; null for none.
    /// </param>
    /// <param name="cancellationToken">Ends the waiting; all outcomes are unknown then.</param>
    /// <returns>What became of each statement, in their order.</returns>
    /// <exception cref="ArgumentException">
    /// One has the same key and window twice, or its bucket is none of the store's. Nothing was sent.
    /// </exception>
    Task<IReadOnlyList<StatementOutcome>> StoreAsync(
        IReadOnlyList<CheckpointStatement> statements, Window? reportedFrom, CancellationToken cancellationToken);

    /// <summary>
    /// The names of what buckets' rows hold now: decides unknown outcomes, and tells a bucket whether its row is still the one
    /// that it wrote last.
    /// </summary>
    /// <param name="buckets">Buckets of the store's rollups.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>By bucket; absent where it has no row: the database went back to before it did.</returns>
    Task<IReadOnlyDictionary<BucketId, CheckpointId>> ReadCheckpointsAsync(
        IReadOnlyCollection<BucketId> buckets, CancellationToken cancellationToken);

    /// <summary>How far a stream is stored, in one question: each text of positions comes once, however many buckets have it.</summary>
    /// <param name="stream">The stream's identity.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="StorageException">Storage can't be read, or the positions of a bucket can't.</exception>
    Task<StoredProgress> ReadProgressAsync(string stream, CancellationToken cancellationToken);

    /// <summary>
    /// One consistent state of all buckets and tables, for as long as it is open; it holds one of the node's connections.
    /// </summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task<StorageSnapshot> ReadSnapshotAsync(CancellationToken cancellationToken);
}
