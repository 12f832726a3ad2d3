using System.Net;
using System.Net.Sockets;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;

namespace Pulse.EndToEnd.Tests;

/// <summary>What people get wrong: one clear line for each mistake, the exit code, and never a stack trace.</summary>
public sealed class MistakeTests(PostgresFixture postgres) : IDisposable
{
    private const int Failed = 1;
    private const int WrongUsage = 2;

    // A port that nobody listens on and nobody is given by chance.
    private const string Nowhere = "127.0.0.1:1";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData("Pulse__Window", "00:07:00", "Pulse:Window is 00:07:00;")]
    [InlineData("Pulse__Window", "five minutes", "Pulse:Window is 'five minutes';")]
    [InlineData("Pulse__AllowedLateness", "-00:00:01", "Pulse:AllowedLateness is -00:00:01;")]
    [InlineData("Pulse__Kafak__Topic", "x", "Pulse:Kafak is no setting;")]
    [InlineData("Pulse__Kafka__Topics", "x", "Pulse:Kafka:Topics is no setting;")]
    [InlineData("Pulse__Kafka__BootstrapServers", "kafka", "Pulse:Kafka:BootstrapServers is 'kafka';")]
    [InlineData("Pulse__Kafka__CreateTopics", "perhaps", "Pulse:Kafka:CreateTopics is 'perhaps';")]
    [InlineData("Pulse__Http__Port", "70000", "Pulse:Http:Port is 70000;")]
    [InlineData("Pulse__Http__Port", "http", "Pulse:Http:Port is 'http';")]
    [InlineData("Pulse__Storage__ConnectionString", "Hozt=127.0.0.1;Password=sesame", "'hozt'")]
    [InlineData("Pulse__Rollups__0__Name", "views", "Pulse:Rollups:0:Dimensions")]
    public Task A_wrong_setting_is_named(string variable, string value, string line) =>
        RefusesAsync(WrongUsage, new() { [variable] = value }, ["run"], line);

    [Fact]
    public Task Every_wrong_setting_gets_its_line() => RefusesAsync(
        WrongUsage,
        new()
        {
            ["Pulse__Rollups__0__Name"] = "by planet",
            ["Pulse__Rollups__0__Dimensions__0"] = "planet",
            ["Pulse__Window"] = "00:00:00",
            ["Pulse__Kafka__GroupId"] = " ",
        },
        ["run"],
        "'by planet'", "'planet'", "Pulse:Window", "Pulse:Kafka:GroupId");

    [Theory]
    [InlineData("run", "--port", "0")]
    [InlineData("verify")]
    [InlineData("export")]
    [InlineData("rebuild", "--rollup", "viewsByDeviceGenre")]
    public Task A_mistyped_property_of_the_Kafka_client_is_named_with_the_nearest_known_one_by_every_command(params string[] arguments) =>
        RefusesAsync(
            WrongUsage,
            new() { ["Pulse__Kafka__BootstrapServers"] = Nowhere, ["Pulse__Kafka__Client__sasl.usernme"] = "sesame" },
            arguments,
            "Pulse:Kafka:Client:sasl.usernme is no property of the Kafka client; the nearest is sasl.username.");

    [Fact]
    public async Task A_settings_file_that_is_no_JSON_is_named_with_the_place()
    {
        var file = _directory["appsettings.json"];
        await File.WriteAllTextAsync(file, """{ "Pulse": { "Window" "00:05:00" } }""", TestContext.Current.CancellationToken);
        var line = await RefusesAsync(WrongUsage, [], ["run"], file);
        Assert.Contains("LineNumber: 0", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'--prot' is no command or option", "run", "--prot")]
    [InlineData("'--prot' is no command or option", "--prot")]
    [InlineData("'start' is no command or option", "start")]
    [InlineData("--port: 'http' is not allowed", "--port", "http")]
    [InlineData("--port: '70000' is not allowed", "run", "--port", "70000")]
    [InlineData("--rate: 'fast' is not allowed", "run", "--rate", "fast")]
    [InlineData("--events: -5 is not allowed", "run", "--events", "-5")]
    [InlineData("--bad: 2 is not allowed", "run", "--bad", "2")]
    [InlineData("'--data'", "run", "--data")]
    public Task A_wrong_option_is_named(string line, params string[] arguments) =>
        RefusesAsync(WrongUsage, [], arguments, line);

    [Fact]
    public Task Options_of_a_simulator_that_does_not_run_are_refused() => RefusesAsync(
        WrongUsage,
        new() { ["Pulse__Kafka__BootstrapServers"] = Nowhere },
        ["run", "--events", "5", "--seed", "3"],
        "--events, --seed: for the embedded simulator");

    [Fact]
    public Task A_broker_that_is_not_there_is_named() => RefusesAsync(
        Failed, new() { ["Pulse__Kafka__BootstrapServers"] = Nowhere }, ["run", "--port", "0"], $"Kafka at {Nowhere}");

    [Fact]
    public Task A_database_server_that_is_not_there_is_named() => RefusesAsync(
        Failed,
        new() { ["Pulse__Storage__ConnectionString"] = "Host=127.0.0.1;Port=1;Database=views;Username=x;Password=sesame" },
        ["run", "--port", "0"],
        "PostgreSQL database 'views' at 127.0.0.1:1");

    [Fact]
    public async Task A_database_that_does_not_exist_is_named()
    {
        var database = await postgres.CreateDatabaseAsync();
        await RefusesAsync(
            Failed,
            new() { ["Pulse__Storage__ConnectionString"] = $"{database};Database=nowhere" },
            ["run", "--port", "0"],
            "the database does not exist");
    }

    [Fact]
    public async Task A_user_whom_the_database_refuses_is_told_so()
    {
        var database = await postgres.CreateDatabaseAsync();
        await RefusesAsync(
            Failed,
            new() { ["Pulse__Storage__ConnectionString"] = $"{database};Username=nobody;Password=sesame" },
            ["run", "--port", "0"],
            "the server refuses the user name or password");
    }

    [Fact]
    public async Task A_busy_port_is_named()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        await RefusesAsync(Failed, [], ["run", "--port", $"{port}"], $"Port {port} on 127.0.0.1 is not free");
    }

    [Fact]
    public async Task A_busy_port_for_other_nodes_is_named()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        await RefusesAsync(
            Failed,
            new() { ["Pulse__Cluster__Port"] = $"{port}" },
            ["run", "--port", "0"],
            $"Port {port} on 127.0.0.1 is not free for other nodes");
    }

    // Names that end so are given to nobody, and addresses that begin so are no machine's.
    [Theory]
    [InlineData("Hostname", "pulse-0.invalid")]
    [InlineData("Hostname", "192.0.2.7")]
    [InlineData("Bind", "192.0.2.7")]
    public Task A_place_where_the_node_can_t_listen_for_others_is_named(string setting, string host) => RefusesAsync(
        Failed,
        new() { [$"Pulse__Cluster__{setting}"] = host },
        ["run", "--port", "0"],
        $"Pulse:Cluster:{setting} is '{host}', where this machine can't listen for other nodes");

    [Theory]
    [InlineData("Pulse__Warehouse__BigQuery__CredentialsFile", "Pulse:Warehouse:BigQuery:CredentialsFile is '', where no file is.")]
    [InlineData("Pulse__Warehouse__BigQuery__StagingDirectory", "Pulse:Warehouse:BigQuery:StagingDirectory is '', which is no path.")]
    public Task A_path_that_is_empty_is_named(string variable, string line) => RefusesAsync(
        WrongUsage,
        new() { ["Pulse__Warehouse__BigQuery__ProjectId"] = "my-project-123", [variable] = "" },
        ["run"],
        line);

    [Theory]
    [InlineData("Pulse:Data is ''", "run")]
    [InlineData("--data is ''", "demo")]
    public Task A_data_directory_without_a_name_is_named(string line, string command) =>
        RefusesAsync(WrongUsage, [], [command, "--data", ""], line);

    [Fact]
    public async Task Places_that_can_not_be_written_are_named()
    {
        // Below a file there is no directory, not even for root.
        var impossible = Path.Combine(_directory["file"], "below");
        await File.WriteAllTextAsync(_directory["file"], "", TestContext.Current.CancellationToken);
        await RefusesAsync(Failed, [], ["run", "--port", "0", "--data", impossible], $"The data directory {impossible}");
        await RefusesAsync(
            Failed,
            new() { ["Pulse__Warehouse__Directory"] = impossible },
            ["run", "--port", "0"],
            $"The warehouse directory {impossible}");
        await RefusesAsync(Failed, [], ["run", "--port", "0", "--truth", impossible], $"--truth: '{impossible}'");
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_named()
    {
        Directory.CreateDirectory(_directory["data"]);
        await File.WriteAllTextAsync(
            _directory["data/pulse.db"], new string('x', 8192), TestContext.Current.CancellationToken);
        await RefusesAsync(
            Failed, [], ["run", "--port", "0", "--data", "data"], "the file is no intact SQLite database");
    }

    [Fact]
    public async Task The_simulator_names_its_mistakes_too()
    {
        await using var unknown = PulseProcess.Simulator(_directory, "--evnets", "5");
        Assert.Equal(WrongUsage, await unknown.ExitAsync(Limit));
        await using var unreachable = PulseProcess.Simulator(_directory, "--bootstrap-servers", Nowhere);
        Assert.Equal(Failed, await unreachable.ExitAsync(Limit));
        Assert.Contains($"Kafka at {Nowhere}", Assert.Single(unreachable.Errors), StringComparison.Ordinal);
        unknown.AssertNoStackTrace();
        unreachable.AssertNoStackTrace();
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Starts a node that must refuse, with exactly one line for each of the parts, in their order.</summary>
    private async Task<string> RefusesAsync(
        int exitCode, Dictionary<string, string> environment, string[] arguments, params string[] parts)
    {
        await using var host = PulseProcess.Host(_directory, environment, arguments);
        Assert.Equal(exitCode, await host.ExitAsync(Limit));
        host.AssertNoStackTrace();
        Assert.DoesNotContain(host.Errors, line => line.Contains("sesame", StringComparison.Ordinal));
        Assert.DoesNotContain(host.Errors, line => line.Contains("System.", StringComparison.Ordinal));
        Assert.Empty(host.Output);
        Assert.Equal(parts.Length, host.Errors.Count);
        foreach (var (part, line) in parts.Zip(host.Errors))
            Assert.Contains(part, line, StringComparison.Ordinal);
        return host.Errors[0];
    }
}
