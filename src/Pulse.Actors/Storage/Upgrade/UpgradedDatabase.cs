namespace Pulse.Actors.Storage.Upgrade;

/// <summary>What an upgrade has brought over.</summary>
/// <param name="Rollups">How many rollups, the ledger of dead letters included.</param>
/// <param name="Events">How many events the tables hold; those of the rollup that has most.</param>
/// <param name="Base">The positions from which counting goes on, as they are stored.</param>
public sealed record UpgradedDatabase(int Rollups, long Events, string Base);
