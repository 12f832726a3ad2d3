using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Pulse.Testing.Kafka;

/// <summary>
/// A broker of a <see cref="KafkaCluster"/>: a process that can be stopped, killed, suspended and started again with what it
/// has stored, always at the same ports.
/// </summary>
public sealed partial class KafkaBroker
{
    private const int LinesOfLog = 20;
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);

    private readonly KafkaHome _home;
    private readonly string _directory;
    private readonly NobodysPort _clients = new();
    private readonly NobodysPort _brokers = new();
    private readonly NobodysPort _controllers = new();
    private readonly Dictionary<KafkaListener, NobodysPort> _listeners;
    private Process? _process;

    internal KafkaBroker(KafkaHome home, string directory, int number, bool behindRelay, IEnumerable<KafkaListener> listeners)
    {
        _listeners = listeners.ToDictionary(listener => listener, _ => new NobodysPort());
        _home = home;
        _directory = directory;
        Number = number;
        Directory.CreateDirectory(directory);
        if (behindRelay)
            Relay = new TcpRelay(_clients.Port);
    }

    /// <summary>Its node id, from 1.</summary>
    public int Number { get; }

    /// <summary>Where clients find it, as <c>host:port</c>: the relay where there is one.</summary>
    public string Address => Relay?.Address ?? _clients.Address;

    /// <summary>Where clients find another listener of it.</summary>
    public string AddressOf(string listener) => _listeners.Single(each => each.Key.Name == listener).Value.Address;

    /// <summary>What clients have to pass to reach it; null where they reach it directly. Other brokers don't pass it.</summary>
    public TcpRelay? Relay { get; }

    /// <summary>The version as the broker itself logged it, such as 4.3.1.</summary>
    public string Version => VersionLine().Match(ReadLog()) is { Success: true } line ? line.Groups["version"].Value : "unknown";

    /// <summary>Where it keeps its logs: a folder for each partition.</summary>
    public string LogDirectory => Path.Combine(_directory, "log");

    /// <summary>Whether its process runs.</summary>
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Whether it takes connections.</summary>
    public bool IsListening
    {
        get
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Connect(IPAddress.Loopback, _clients.Port);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        }
    }

    internal string Voter => $"{Number}@{_controllers.Address}";

    private string LogFile => Path.Combine(_directory, "out");

    private string PidFile => Path.Combine(_directory, "pid");

    private string LoggingFile => Path.Combine(_directory, "log4j2.properties");

    private string SettingsFile => Path.Combine(_directory, "server.properties");

    /// <summary>Stops it in good order: it hands its partitions over first.</summary>
    public Task StopAsync() => EndAsync("TERM");

    /// <summary>Ends it at once, as a machine that is lost.</summary>
    public Task KillAsync() => EndAsync("KILL");

    /// <summary>Freezes it: connections stay open and nothing answers.</summary>
    public void Suspend() => Signal("STOP");

    /// <summary>Ends <see cref="Suspend"/>.</summary>
    public void Resume() => Signal("CONT");

    /// <summary>Copies the log of a partition to which nobody writes at the moment.</summary>
    public void CopyLog(string topic, int partition) => Copy(LogOf(topic, partition), CopyOf(topic, partition));

    /// <summary>
    /// Puts the copy in place of the log, as a disk that lost its last writes, or a backup; the broker must not run. What was written since
    /// is gone, and the next leader's epoch is another one.
    /// </summary>
    public void PutLogBack(string topic, int partition) => Copy(CopyOf(topic, partition), LogOf(topic, partition));

    /// <summary>Copies its whole disk, the cluster's metadata included; the broker must not run.</summary>
    public void CopyDisk() => Copy(LogDirectory, LogDirectory + ".copy");

    /// <summary>
    /// Puts the copy in place of the disk, as a machine that was put back to a snapshot; the broker must not run. Leaders get the epochs
    /// again that they had after the copy was made.
    /// </summary>
    public void PutDiskBack() => Copy(LogDirectory + ".copy", LogDirectory);

    /// <summary>The end of what it has logged, for a message to people.</summary>
    public string LogEnd() => string.Join('\n', ReadLog().Split('\n').TakeLast(LinesOfLog));

    /// <summary>Writes its settings and prepares its storage; does nothing to one that has stored something.</summary>
    internal async Task FormatAsync(string clusterId, IEnumerable<string> voters, IEnumerable<string> settings)
    {
        await File.WriteAllLinesAsync(SettingsFile,
        [
            "process.roles=broker,controller",
            $"node.id={Number.ToString(CultureInfo.InvariantCulture)}",
            $"controller.quorum.voters={string.Join(',', voters)}",
            $"listeners=CLIENTS://{_clients.Address},BROKERS://{_brokers.Address},CONTROLLERS://{_controllers.Address}"
                + string.Concat(_listeners.Select(each => $",{each.Key.Name}://{each.Value.Address}")),
            $"advertised.listeners=CLIENTS://{Address},BROKERS://{_brokers.Address}"
                + string.Concat(_listeners.Select(each => $",{each.Key.Name}://{each.Key.AdvertisedAddress ?? each.Value.Address}")),
            "listener.security.protocol.map=CLIENTS:PLAINTEXT,BROKERS:PLAINTEXT,CONTROLLERS:PLAINTEXT"
                + string.Concat(_listeners.Select(each => $",{each.Key.Name}:{each.Key.Protocol}")),
            "inter.broker.listener.name=BROKERS",
            "controller.listener.names=CONTROLLERS",
            $"log.dirs={LogDirectory}",
            .. settings,
        ]);
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Kafka", "log4j2.properties"), LoggingFile);
        using var format = Java(
            "kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", clusterId, "-c", SettingsFile);
        await format.WaitForExitAsync();
        if (format.ExitCode != 0)
            throw new InvalidOperationException($"Broker {Number} could not prepare its storage:\n{LogEnd()}");
    }

    /// <summary>Starts the process; it does not answer yet.</summary>
    internal void Start()
    {
        _process?.Dispose();
        _process = Java("kafka.Kafka", SettingsFile);
        File.WriteAllText(PidFile, _process.Id.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Gives its ports back; the process must have ended.</summary>
    internal void Release()
    {
        Relay?.Dispose();
        _process?.Dispose();
        _clients.Dispose();
        _brokers.Dispose();
        _controllers.Dispose();
        foreach (var port in _listeners.Values)
            port.Dispose();
    }

    private async Task EndAsync(string signal)
    {
        if (_process is null)
            return;
        Signal(signal);
        using var limit = new CancellationTokenSource(StopLimit);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // The last brokers of a cluster wait minutes for a quorum that is gone.
            Signal("KILL");
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        // The number may be somebody else's by the time the watchdog comes.
        File.Delete(PidFile);
    }

    private void Signal(string name)
    {
        if (!IsRunning)
            return;
        using var kill = Process.Start("kill", ["-" + name, _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    // A shell that becomes the program: its output goes to a file, which a killed test process leaves behind unbroken.
    private Process Java(params string[] program) => Process.Start(new ProcessStartInfo(
        "sh",
        [
            "-c", "log=$1; shift; exec \"$@\" >> \"$log\" 2>&1 < /dev/null", "sh", LogFile,
            _home.Java, "-Xms256m", "-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true",
            // Not where the tests are: a comma in that path would make two files of it.
            $"-Dlog4j2.configurationFile={LoggingFile}",
            "-cp", Path.Combine(_home.Libraries, "*"), .. program,
        ]))!;

    private string LogOf(string topic, int partition) => Path.Combine(_directory, "log", FormattableString.Invariant($"{topic}-{partition}"));

    private string CopyOf(string topic, int partition) => Path.Combine(_directory, "copy", FormattableString.Invariant($"{topic}-{partition}"));

    private static void Copy(string from, string to)
    {
        if (Directory.Exists(to))
            Directory.Delete(to, recursive: true);
        Directory.CreateDirectory(to);
        foreach (var directory in Directory.GetDirectories(from))
            Copy(directory, Path.Combine(to, Path.GetFileName(directory)));
        foreach (var file in Directory.GetFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    private string ReadLog()
    {
        if (!File.Exists(LogFile))
            return "";
        using var stream = new FileStream(LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"Kafka version: (?<version>\S+)")]
    private static partial Regex VersionLine();
}
