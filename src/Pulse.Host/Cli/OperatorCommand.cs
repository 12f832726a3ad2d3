using Pulse.Actors.Broker;
using Pulse.Actors.Storage;
using Pulse.Host.Configuration;

namespace Pulse.Host.Cli;

/// <summary>What the commands have in common that change a database for an operator: who that is, whether he agrees, and how they end.</summary>
internal static class OperatorCommand
{
    /// <summary>Who runs this process, as <c>user@host</c>: what is kept with each act.</summary>
    public static string Who => $"{Environment.UserName}@{Environment.MachineName}";

    /// <summary>Runs a command, and says its failures in one line.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(Func<Task<int>> command, CancellationToken stop)
    {
        try
        {
            return await command();
        }
        catch (ConfigurationException exception)
        {
            return HostCommand.Refuse(HostCommand.WrongUsage, exception.Mistakes);
        }
        catch (StartException exception) when (exception.IsMistake)
        {
            return HostCommand.Refuse(HostCommand.WrongUsage, exception.Message);
        }
        catch (Exception exception) when (exception is StorageException or IngestException or StartException)
        {
            return HostCommand.Refuse(HostCommand.Failed, exception.Message);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return HostCommand.Refuse(HostCommand.Failed, "Stopped. Nothing was changed.");
        }
    }

    /// <summary>Has the operator agree, unless he has already.</summary>
    /// <returns>Null where he agrees, else the exit code.</returns>
    public static async Task<int?> RefusalAsync(bool isAgreed, CancellationToken stop)
    {
        if (isAgreed)
            return null;
        if (System.Console.IsInputRedirected)
            return HostCommand.Refuse(HostCommand.WrongUsage, "Nothing was changed: add --yes to do it where nobody can be asked.");
        System.Console.Write("Go on? [y/N] ");
        var answer = await System.Console.In.ReadLineAsync(stop);
        return answer?.Trim() is "y" or "Y" or "yes" ? null : HostCommand.Refuse(HostCommand.Failed, "Nothing was changed.");
    }
}
