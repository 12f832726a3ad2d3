using System.Net;
using System.Net.Sockets;
using Pulse.Actors.Broker;
using Pulse.Actors.Hosting;
using Pulse.Actors.Ingest;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Streams;
using Pulse.Host.Configuration;
using Pulse.Host.Embedded;

namespace Pulse.Host;

/// <summary>Finds out before anything starts whether everything that a node needs is there, to say it in one line.</summary>
internal static class StartChecks
{
    /// <exception cref="StartException">A directory that the node must write to can't be written to.</exception>
    public static void Directories(NodeConfiguration node)
    {
        if (node.NeedsData)
            Require(node.DataDirectory, "data directory", "--data or Pulse:Data");
        if (node.Warehouse.BigQuery is { } bigQuery)
            Require(
                bigQuery.StagingDirectory ?? Path.GetTempPath(), "staging directory", "Pulse:Warehouse:BigQuery:StagingDirectory");
        else
            Require(node.Warehouse.Directory, "warehouse directory", "--data, Pulse:Data or Pulse:Warehouse:Directory");
    }

    /// <summary>Holds the data directory; null where nothing is kept there that the node can't do without, and nothing can be.</summary>
    /// <exception cref="StartException">Another node holds it.</exception>
    public static DataDirectoryLock? Hold(NodeConfiguration node) =>
        node.NeedsData || Objection(node.DataDirectory) is null
            ? DataDirectoryLock.Take(node.DataDirectory, isAlone: node.IsBrokerEmbedded)
            : null;

    /// <exception cref="StartException">The file can't be written.</exception>
    public static void TruthFile(string? path)
    {
        if (path is null)
            return;
        try
        {
            // A run of an hour must not end with a file that can't be written.
            File.WriteAllBytes(path, []);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StartException($"--truth: '{path}' can't be written ({Reason(exception)}).", exception);
        }
    }

    /// <exception cref="StartException">Somebody else listens on the port.</exception>
    public static void HttpPort(HttpSettings http)
    {
        try
        {
            using var listener = new TcpListener(http.Address, http.Port);
            listener.Start();
        }
        catch (SocketException exception)
        {
            throw new StartException(
                $"Port {http.Port} on {http.Address} is not free ({exception.Message}). "
                + "Stop what uses it, or choose another with --port or Pulse:Http:Port.", exception);
        }
    }

    /// <exception cref="StartException">The node can't listen for others, and so can't be reached by itself.</exception>
    public static async Task ClusterPortAsync(ClusterSettings cluster)
    {
        var (setting, host) = cluster.Bind is { } bind ? ("Pulse:Cluster:Bind", bind) : ("Pulse:Cluster:Hostname", cluster.Hostname);
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(host);
            var address = addresses.FirstOrDefault(each => each.AddressFamily == AddressFamily.InterNetwork) ?? addresses[0];
            using var listener = new TcpListener(address, cluster.Port);
            listener.Start();
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            throw new StartException(
                $"Port {cluster.Port} on {host} is not free for other nodes ({exception.Message}). "
                + "Stop what uses it, or choose another with Pulse:Cluster:Port.", exception);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            throw new StartException(
                $"{setting} is '{host}', where this machine can't listen for other nodes ({exception.Message.TrimEnd('.')}). Name it as others "
                + "reach it in Pulse:Cluster:Hostname, and where to listen, such as 0.0.0.0, in Pulse:Cluster:Bind.", exception);
        }
    }

    /// <summary>Asks whether the database counts the stream that the topic is.</summary>
    /// <exception cref="StreamRefusedException">It does not, and a person has to say so.</exception>
    public static async Task StreamAsync(StreamAdmission streams, CancellationToken end)
    {
        try
        {
            await streams.ConfirmAsync(end);
        }
        catch (Exception exception) when (exception is IngestException or StorageException { IsTransient: true })
        {
            // Nobody knows. The node asks until somebody does, and says so.
        }
    }

    /// <summary>Why a directory can't be written to, or made; null: it can.</summary>
    public static string? Objection(string directory)
    {
        var probe = Path.Combine(directory, $".write-check-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(directory);
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Reason(exception);
        }
    }

    private static void Require(string directory, string name, string setting)
    {
        if (Objection(directory) is { } objection)
            throw new StartException($"The {name} {directory} can't be written to ({objection}). Choose another with {setting}.");
    }

    private static string Reason(Exception exception) => exception.Message.TrimEnd('.');
}
