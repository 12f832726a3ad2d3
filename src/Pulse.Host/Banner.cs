using Pulse.Actors.Storage;
using Pulse.Host.Configuration;
using Pulse.Host.Console;
using Pulse.Warehouse;

namespace Pulse.Host;

/// <summary>What a person reads first: what runs where, and what of it is not for production.</summary>
internal static class Banner
{
    public static void Write(
        ConsoleView view, NodeConfiguration node, RunOptions run, NodeStorage storage, IWarehouse warehouse, string url)
    {
        var kafka = node.Settings.Kafka;
        view.WriteLine();
        view.WriteLine("  Pulse: exact five-minute counts of a stream, while it flows");
        view.WriteLine();
        Line("dashboard", url);
        Line("broker", node.IsBrokerEmbedded
            ? $"embedded at {kafka.BootstrapServers} (in memory)"
            : $"Kafka at {kafka.BootstrapServers}");
        Line("simulator", run.Simulation is { } simulation
            ? $"{(simulation.TotalRecords is { } total ? $"{total:N0} events" : "events")} at "
              + (simulation.Rate > 0 ? $"{simulation.Rate:N0} a second" : "full speed")
            : "none");
        Line("storage", storage.Description);
        Line("warehouse", warehouse.Description);
        Line("rollups", string.Join(", ", node.Settings.Catalog.Rollups.Select(rollup => rollup.Name)));
        Line("checkpoints", $"every {node.Settings.CheckpointInterval}");

        List<string> embedded = [];
        if (node.IsBrokerEmbedded)
            embedded.Add("the embedded broker (set Pulse__Kafka__BootstrapServers)");
        if (node.IsStorageEmbedded)
            embedded.Add("SQLite (set Pulse__Storage__ConnectionString)");
        if (node.Warehouse.BigQuery is null)
            embedded.Add("Parquet files on this machine (set Pulse__Warehouse__BigQuery__ProjectId)");
        if (node.Settings.Cluster.SeedNodes.IsEmpty)
            embedded.Add("a cluster of one node (set Pulse__Cluster__SeedNodes)");
        for (var index = 0; index < embedded.Count; index++)
            Line(index == 0 ? "not for production" : "", embedded[index]);
        view.WriteLine();

        void Line(string name, string value) => view.WriteLine($"  {name,-19}{value}");
    }
}
