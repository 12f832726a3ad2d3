using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Pulse.Actors.Coordination;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Host.Configuration;

namespace Pulse.Host.Cli;

/// <summary>
/// <c>export</c>: brings what storage holds into the warehouse by hand, by the coordinator's own steps, without a
/// running node. What the warehouse holds already is not loaded again.
/// </summary>
internal sealed class ExportCommand
{
    private readonly Option<string?> _data = new("--data")
    {
        Description = "Directory of the embedded storage and warehouse [default: ./pulse-data]",
        HelpName = "DIR",
    };

    private readonly Option<DateOnly?> _date = new("--date")
    {
        Description = "Only windows that end on this UTC date, as 2026-01-31 [default: every date that storage holds]",
        HelpName = "DATE",
        CustomParser = argument =>
        {
            if (DateOnly.TryParseExact(
                argument.Tokens[0].Value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
                return date;
            argument.AddError($"--date is '{argument.Tokens[0].Value}'; use the form 2026-01-31.");
            return null;
        },
    };

    private readonly Option<string?> _rollup = new("--rollup")
    {
        Description = "Only this rollup [default: all]",
        HelpName = "NAME",
    };

    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "Say what would be loaded, and change nothing",
    };

    public ExportCommand()
    {
        Command = new Command("export", "Load stored counts into the warehouse by hand; not while a node exports the same")
        {
            _data, _date, _rollup, _dryRun,
        };
        Command.SetAction((parsed, stop) => ExecuteAsync(parsed, stop));
    }

    public Command Command { get; }

    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken stop)
    {
        try
        {
            var node = NodeConfiguration.Read(ConfigurationSources.Read(parsed.GetValue(_data)));
            return await ExportAsync(node, parsed, stop);
        }
        catch (ConfigurationException exception)
        {
            return HostCommand.Refuse(HostCommand.WrongUsage, exception.Mistakes);
        }
        catch (DeclaredOtherwiseException exception)
        {
            return HostCommand.Refuse(HostCommand.WrongUsage, exception.Message);
        }
        catch (StorageException exception)
        {
            return HostCommand.Refuse(HostCommand.Failed, exception.Message);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return HostCommand.Refuse(HostCommand.Failed, "Stopped. What was loaded stays; run it again to go on.");
        }
    }

    private async Task<int> ExportAsync(NodeConfiguration node, ParseResult parsed, CancellationToken stop)
    {
        var rollups = Rollups(node.Settings.Catalog, parsed.GetValue(_rollup));
        node.RequireStorage();
        await using var storage = new NodeStorage(node.Settings.Storage, node.Settings.Catalog);
        await storage.OpenAsync(node.Settings.Rules, stop);
        var source = new ExportSource(storage, node.Settings.Catalog);
        var warehouse = node.Warehouse.Create();
        try
        {
            System.Console.WriteLine($"From {storage.Description} to {warehouse.Description}");
            var export = new DateExport(
                warehouse, (rollup, date, token) => source.ReadRowsAsync(null, rollup, date, token), source.ReadGapsAsync);
            var run = new ManualExport(export, parsed.GetValue(_dryRun));
            var dates = (await source.ReadDatesAsync(null, stop))
                .Where(date => parsed.GetValue(_date) is not { } wanted || date.Date == wanted)
                .ToLookup(date => date.Rollup, date => date.Date);
            foreach (var rollup in rollups)
            {
                foreach (var date in dates[rollup.Name])
                    await run.ExportAsync(rollup, date, stop);
            }

            return run.Finish();
        }
        finally
        {
            (warehouse as IDisposable)?.Dispose();
        }
    }

    private static ImmutableArray<Rollup> Rollups(RollupCatalog catalog, string? name)
    {
        if (name is null)
            return catalog.Rollups;
        var found = catalog.Rollups.FirstOrDefault(rollup => rollup.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        return found is null
            ? throw new ConfigurationException(
                $"--rollup is '{name}'; use one of {string.Join(", ", catalog.Rollups.Select(rollup => rollup.Name))}.")
            : [found];
    }
}
