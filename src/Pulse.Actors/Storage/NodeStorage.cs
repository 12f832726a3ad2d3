using Pulse.Actors.Storage.Actions;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Actors.Storage.Cuts;
using Pulse.Actors.Storage.Gaps;
using Pulse.Actors.Storage.Rebuild;
using Pulse.Actors.Storage.Streams;
using Pulse.Actors.Storage.Upgrade;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Storage;

/// <summary>
/// A node's storage: one database, a few connections to it, and everything that the node stores and reads there. One per
/// node. Everything throws <see cref="StorageException"/> where the database can't do it.
/// </summary>
public sealed class NodeStorage : IAsyncDisposable
{
    private readonly DatabaseUpgrade _upgrade;
    private readonly RollupRebuild _rebuild;
    private readonly StreamRegister _streams;

    /// <summary>Opens nothing yet; <see cref="PrepareAsync"/> comes before everything else.</summary>
    /// <param name="options">The database.</param>
    /// <param name="catalog">The rollups; the ledger of dead letters is added to them.</param>
    /// <exception cref="StorageException">The connection string can't be understood.</exception>
    public NodeStorage(StorageOptions options, RollupCatalog catalog)
    {
        Sessions = CheckpointStores.SessionsFor(options);
        Checkpoints = CheckpointStores.For(Sessions, catalog);
        Results = new ResultStore(Sessions, catalog);
        Sinks = new SinkPositions(Sessions);
        Nodes = new NodeRegister(Sessions);
        _upgrade = new DatabaseUpgrade(Sessions, catalog);
        _rebuild = new RollupRebuild(Sessions, catalog);
        Cuts = new CutAcceptance(Sessions);
        FoundCuts = new FoundCuts(Sessions);
        Actions = new ActionLog(Sessions);
        Gaps = new GapReader(Sessions);
        _streams = new StreamRegister(Sessions);
        Adoption = new StreamAdoption(Sessions);
    }

    /// <summary>Reads counts; needs no preparation where the tables are there.</summary>
    public ResultStore Results { get; }

    /// <summary>What operators did.</summary>
    public ActionLog Actions { get; }

    /// <summary>The offsets that buckets have not counted from the log that is there now.</summary>
    public GapReader Gaps { get; }

    /// <summary>Accepts that a partition's log was cut.</summary>
    public CutAcceptance Cuts { get; }

    /// <summary>The cuts about which nobody has decided yet.</summary>
    public FoundCuts FoundCuts { get; }

    /// <summary>For people: the kind of database and its place, without any secret.</summary>
    public string Description => Sessions.Address.Description;

    /// <summary>The connections.</summary>
    internal IStorageSessions Sessions { get; }

    /// <summary>The buckets' rows and the result tables.</summary>
    internal ICheckpointStore Checkpoints { get; }

    /// <summary>How far sinks have come.</summary>
    internal SinkPositions Sinks { get; }

    /// <summary>The nodes that run.</summary>
    internal NodeRegister Nodes { get; }

    /// <summary>Gives positions another stream's name.</summary>
    internal StreamAdoption Adoption { get; }

    /// <summary>Whether an earlier version of Pulse wrote the database: it has to be upgraded before it is prepared.</summary>
    public Task<bool> NeedsUpgradeAsync(CancellationToken cancellationToken) => _upgrade.IsNeededAsync(cancellationToken);

    /// <summary>Whether some version of Pulse has used the database.</summary>
    public Task<bool> IsUsedAsync(CancellationToken cancellationToken) => _upgrade.IsUsedAsync(cancellationToken);

    /// <inheritdoc cref="DatabaseUpgrade.RunAsync" />
    public Task<UpgradedDatabase?> UpgradeAsync(
        GroupProgress committed, CountingRules rules, CancellationToken cancellationToken) =>
        _upgrade.RunAsync(committed, rules, cancellationToken);

    /// <inheritdoc cref="RollupRebuild.PlanAsync(IReadOnlyCollection{Rollup}, CountingRules, CancellationToken)" />
    public Task<IReadOnlyList<RebuiltRollup>> PlanRebuildAsync(
        IReadOnlyCollection<Rollup> rollups, CountingRules rules, CancellationToken cancellationToken) =>
        _rebuild.PlanAsync(rollups, rules, cancellationToken);

    /// <inheritdoc cref="RollupRebuild.RunAsync" />
    public Task<IReadOnlyList<RebuiltRollup>> RebuildAsync(
        IReadOnlyCollection<Rollup> rollups, CountingRules rules, string who, CancellationToken cancellationToken) =>
        _rebuild.RunAsync(rollups, rules, who, cancellationToken);

    /// <inheritdoc cref="StreamRegister.AdmitAsync" />
    public Task<(StreamStanding Standing, CountedStream? Before)> AdmitStreamAsync(
        CountedStream stream, CancellationToken cancellationToken) => _streams.AdmitAsync(stream, cancellationToken);

    /// <inheritdoc cref="StreamRegister.AcceptAsync" />
    public Task<bool> AcceptStreamAsync(CountedStream stream, string who, CancellationToken cancellationToken) =>
        _streams.AcceptAsync(stream, who, cancellationToken);

    /// <inheritdoc cref="StreamRegister.ReadAsync(CancellationToken)" />
    public Task<IReadOnlyList<CountedStream>> ReadStreamsAsync(CancellationToken cancellationToken) =>
        _streams.ReadAsync(cancellationToken);

    /// <inheritdoc cref="ICheckpointStore.PrepareAsync" />
    public Task PrepareAsync(CountingRules rules, CancellationToken cancellationToken) =>
        Checkpoints.PrepareAsync(rules, cancellationToken);

    /// <inheritdoc cref="ICheckpointStore.OpenAsync" />
    public Task OpenAsync(CountingRules rules, CancellationToken cancellationToken) =>
        Checkpoints.OpenAsync(rules, cancellationToken);

    /// <summary>Closes the connections.</summary>
    public ValueTask DisposeAsync() => Checkpoints.DisposeAsync();
}
