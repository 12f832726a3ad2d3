using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Pulse.Simulator.Database;

/// <summary>
/// A PostgreSQL server of one's own, from the installed binaries, for demonstrations and tests: in a temporary directory
/// on a free loopback port without a password, gone at the end, also when this process is killed.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private readonly string _binaries;
    private readonly string _directory;
    private readonly Process _watchdog;

    // Bound and never listening: nobody else is given the port while the server is away, and nobody answers on it.
    private readonly Socket _port = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private PostgresServer(string binaries, string directory)
    {
        _binaries = binaries;
        _directory = directory;
        _port.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _watchdog = StartWatchdog();
    }

    private int Port => ((IPEndPoint)_port.LocalEndPoint!).Port;

    private string Data => Path.Combine(_directory, "data");

    private string Log => Path.Combine(_directory, "server.log");

    /// <summary>The directory of the newest installed server programs, or null where there are none.</summary>
    /// <param name="preferred">Looked at first; null for nothing.</param>
    public static string? FindBinaries(string? preferred = null)
    {
        var candidates = new List<string?> { preferred };
        if (Directory.Exists("/usr/lib/postgresql"))
            candidates.AddRange(Directory.GetDirectories("/usr/lib/postgresql")
                .OrderByDescending(path => int.TryParse(Path.GetFileName(path), out var version) ? version : 0)
                .Select(path => Path.Combine(path, "bin")));
        candidates.AddRange((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator));

        return candidates.FirstOrDefault(path =>
            !string.IsNullOrEmpty(path) && File.Exists(Path.Combine(path, "initdb"))
            && File.Exists(Path.Combine(path, "pg_ctl")));
    }

    /// <summary>Makes the directory and starts the server.</summary>
    /// <param name="binaries">From <see cref="FindBinaries"/>.</param>
    /// <exception cref="InvalidOperationException">A program of the server failed.</exception>
    public static Task<PostgresServer> CreateAsync(string binaries) => CreateAsync(
        binaries, "initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions");

    /// <summary>Starts a replica of this server, which follows it asynchronously and takes no writes until it is promoted.</summary>
    /// <exception cref="InvalidOperationException">A program of the server failed.</exception>
    public Task<PostgresServer> CreateReplicaAsync() => CreateAsync(
        _binaries, "pg_basebackup", $"--dbname=host=127.0.0.1 port={Port} user=postgres", "--write-recovery-conf", "--checkpoint=fast",
        "--no-sync");

    /// <summary>Makes a primary of this replica, with what it has received until now.</summary>
    public Task PromoteAsync() => RunAsServerUserAsync("pg_ctl", ["promote", "--wait", "--silent", "--pgdata", Data]);

    /// <summary>Npgsql's connection string for a database; <c>postgres</c> is always there.</summary>
    public string ConnectionString(string database) =>
        $"Host=127.0.0.1;Port={Port};Username=postgres;Database={database}";

    /// <summary>Starts the stopped server again, on the same port with the same data, and waits until it answers.</summary>
    public async Task StartAsync()
    {
        await RunAsServerUserAsync("pg_ctl", [
            "start", "--wait", "--silent", "--pgdata", Data, "--log", Log, "--options",
            $"-p {Port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c max_connections=200",
        ]);
        await AnswerAsync();
    }

    /// <summary>Takes the server away as a crash would.</summary>
    public Task StopAsync() =>
        RunAsServerUserAsync("pg_ctl", ["stop", "--wait", "--silent", "--mode=immediate", "--pgdata", Data]);

    /// <summary>
    /// Kills every process of the server with SIGKILL: what it had in its own memory and not yet given to the kernel is gone.
    /// </summary>
    public async Task KillAsync()
    {
        var postmaster = Postmaster();
        // Its children would outlive it for a moment and go on writing.
        int[] all = [postmaster, .. Children(postmaster)];
        using var kill = Process.Start("kill", ["-KILL", .. all.Select(id => id.ToString(CultureInfo.InvariantCulture))]);
        await kill.WaitForExitAsync();
        while (all.Any(IsRunning))
            await Task.Delay(10);
        // Where nobody reaps a dead process, its number goes on looking taken.
        File.Delete(Path.Combine(Data, "postmaster.pid"));
    }

    /// <summary>Sends a signal to the postmaster and all its children.</summary>
    public void Signal(string name)
    {
        var postmaster = Postmaster();
        // The postmaster first, and then again and again those that it has started until then.
        var told = new HashSet<int>();
        for (List<int> next = [postmaster]; next.Count > 0; next = [.. Children(postmaster).Where(id => !told.Contains(id))])
        {
            using var kill = Process.Start(
                "kill", ["-" + name, .. next.Select(id => id.ToString(CultureInfo.InvariantCulture))]);
            kill.WaitForExit();
            told.UnionWith(next);
        }
    }

    /// <summary>Ends the server and deletes its directory.</summary>
    public async ValueTask DisposeAsync()
    {
        // The watchdog does the same work whether this process ends well or not.
        _watchdog.StandardInput.Close();
        await _watchdog.WaitForExitAsync();
        _watchdog.Dispose();
        _port.Dispose();
    }

    private static async Task<PostgresServer> CreateAsync(string binaries, string program, params string[] arguments)
    {
        var server = new PostgresServer(binaries, Directory.CreateTempSubdirectory("pulse-postgres-").FullName);
        try
        {
            if (Environment.IsPrivilegedProcess)
                await RunAsync("chown", ["postgres", server._directory]);
            await server.RunAsServerUserAsync(program, ["--pgdata", server.Data, .. arguments]);
            await server.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A shell that waits for its input to close, which the kernel does for a killed process too.</summary>
    private Process StartWatchdog()
    {
        const string Script = """
            trap '' INT TERM HUP
            cat > /dev/null
            if [ -f "$1/data/postmaster.pid" ]; then
              postmaster=$(head -n 1 "$1/data/postmaster.pid")
              kill -QUIT "$postmaster"
              kill -CONT "$postmaster"
              for attempt in $(seq 1 40); do kill -0 "$postmaster" || break; sleep 0.1; done
              kill -KILL "$postmaster"
            fi
            rm -rf "$1"
            """;
        return Process.Start(new ProcessStartInfo("sh", ["-c", Script, "sh", _directory])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
        })!;
    }

    private async Task AnswerAsync()
    {
        var deadline = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionString("postgres") + ";Pooling=false;Timeout=5");
                await connection.OpenAsync();
                return;
            }
            catch (NpgsqlException) when (deadline.Elapsed < TimeSpan.FromSeconds(30))
            {
                await Task.Delay(50);
            }
        }
    }

    // The server refuses to run as root.
    private Task RunAsServerUserAsync(string program, string[] arguments)
    {
        var path = Path.Combine(_binaries, program);
        return Environment.IsPrivilegedProcess
            ? RunAsync("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", path, .. arguments])
            : RunAsync(path, arguments);
    }

    private static async Task RunAsync(string program, string[] arguments)
    {
        // The server outlives pg_ctl and would keep a redirected pipe open, so output goes nowhere but its log file.
        var start = new ProcessStartInfo("sh", ["-c", "exec \"$@\" > /dev/null 2>&1 < /dev/null", "sh", program, .. arguments])
        {
            WorkingDirectory = "/",
        };
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }

    private int Postmaster() =>
        int.Parse(File.ReadLines(Path.Combine(Data, "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    private static IEnumerable<int> Children(int process) => Directory.GetDirectories("/proc")
        .Select(path => int.TryParse(Path.GetFileName(path), out var id) ? id : 0)
        .Where(id => id > 0 && ParentOf(id) == process);

    private static int ParentOf(int process) =>
        Status(process) is [_, var parent, ..] ? int.Parse(parent, CultureInfo.InvariantCulture) : 0;

    private static bool IsRunning(int process) => Status(process) is [not ("Z" or "X"), ..];

    // What the kernel says of a process after its name: state, parent and more; nothing where it is gone.
    private static string[] Status(int process)
    {
        try
        {
            // The name in parentheses can hold anything, so count from its end.
            var status = File.ReadAllText($"/proc/{process}/stat");
            return status[(status.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return [];
        }
    }
}
