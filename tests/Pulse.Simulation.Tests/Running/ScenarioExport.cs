using Pulse.Counting;
using Pulse.Simulation.Tests.Database;

namespace Pulse.Simulation.Tests.Running;

/// <summary>
/// Declares the stream complete and exports it: waits until all buckets have come so far, then reads positions and tables
/// in one snapshot, and goes on only if they have come so far there.
/// </summary>
internal sealed class ScenarioExport(Scenario scenario)
{
    private BucketPositions? _complete;
    private string _stream = "";
    private int _dueAfter = -1;

    public void Go()
    {
        if (!scenario.Settings.Has(ScenarioFaults.Completion) || scenario.Settings.Has(ScenarioFaults.LogCut))
            return;
        if (_complete is null || _stream != scenario.Broker.Current)
            Complete();
        else if (_dueAfter < 0)
            SeeWhetherItIsDue();
        else if (scenario.Random.Chance(10))
            Export();
    }

    private void Complete()
    {
        (_complete, _stream, _dueAfter) = (new BucketPositions(), scenario.Broker.Current, -1);
        foreach (var log in scenario.Broker.CurrentLogs)
            _complete.Set(log.Partition, new LogPosition(log.End, LogPosition.UnknownEpoch));
        scenario.Say($"the stream is complete at {_complete}");
    }

    private void SeeWhetherItIsDue()
    {
        if (!scenario.Database.Rows.All(HasAll))
            return;
        _dueAfter = scenario.Database.TimesBack;
        scenario.Say($"the export is due");
    }

    private void Export()
    {
        var rows = scenario.Database.Rows;
        if (scenario.Database.TimesBack > _dueAfter && !rows.All(HasAll))
            scenario.See(History.ExportAcrossFailover);
        if (rows.All(HasAll) || scenario.Mistake == DatabaseMistake.ExportReadsTwice)
        {
            scenario.Say($"the export reads");
            scenario.Auditor.Exported(rows, _complete!);
            _complete = null;
        }

        _dueAfter = -1;
    }

    private bool HasAll(DatabaseRow row) =>
        scenario.Broker.CurrentLogs.All(log => row.Parsed[log.Partition].Offset >= _complete![log.Partition].Offset);
}
