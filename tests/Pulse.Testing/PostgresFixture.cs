using Npgsql;
using Pulse.Simulator.Database;
using Xunit;

namespace Pulse.Testing;

/// <summary>
/// A PostgreSQL server for tests: made in a temporary directory when it is first asked for, on a free loopback port,
/// thrown away at the end, also when the test process is killed. Use it as an assembly fixture.
/// </summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private readonly SemaphoreSlim _starting = new(1, 1);
    private int _databases;
    private PostgresServer? _server;

    /// <summary>Starts nothing: most test classes of an assembly need no server.</summary>
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Makes an empty database and returns Npgsql's connection string for it.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var server = await ServerAsync();
        var name = $"pulse_test_{Interlocked.Increment(ref _databases)}";
        await using var connection = new NpgsqlConnection(server.ConnectionString("postgres") + ";Pooling=false;Timeout=60;Command Timeout=120");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"create database {name}";
        await command.ExecuteNonQueryAsync();
        return server.ConnectionString(name);
    }

    /// <summary>Starts a replica that follows the server asynchronously; the caller's to dispose.</summary>
    public async Task<PostgresServer> CreateReplicaAsync() => await (await ServerAsync()).CreateReplicaAsync();

    /// <summary>Takes the server away as a crash would: connections break, nothing answers on its port.</summary>
    public async Task StopAsync() => await (await ServerAsync()).StopAsync();

    /// <summary>Kills every process of the server at once.</summary>
    public async Task KillAsync() => await (await ServerAsync()).KillAsync();

    /// <summary>Starts the stopped or killed server again, on the same port with the same data.</summary>
    public async Task StartAsync() => await (await ServerAsync()).StartAsync();

    /// <summary>Freezes every process of the server: connections stay open and nothing answers.</summary>
    public async Task PauseAsync() => (await ServerAsync()).Signal("STOP");

    /// <summary>Ends <see cref="PauseAsync"/>.</summary>
    public async Task ResumeAsync() => (await ServerAsync()).Signal("CONT");

    /// <summary>Ends the server and deletes its directory.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_server is { } server)
            await server.DisposeAsync();
        _starting.Dispose();
    }

    private async Task<PostgresServer> ServerAsync()
    {
        Requirement.Server("PostgreSQL");
        await _starting.WaitAsync();
        try
        {
            return _server ??= await PostgresServer.CreateAsync(FindBinaries());
        }
        finally
        {
            _starting.Release();
        }
    }

    private static string FindBinaries()
    {
        if (PostgresServer.FindBinaries(Environment.GetEnvironmentVariable("PULSE_TEST_POSTGRES_BIN")) is { } found)
            return found;

        const string Reason = "PostgreSQL's server programs (initdb, pg_ctl) are not installed; "
            + "install them, or name their directory in PULSE_TEST_POSTGRES_BIN.";
        throw Requirement.Missing(Reason);
    }
}
