using Pulse.EndToEnd.Tests.Support;

namespace Pulse.EndToEnd.Tests;

/// <summary>Settings that are nearly right are named with the right spelling, wherever they stand, by every command that reads any.</summary>
public sealed class MisspeltSettingTests : IDisposable
{
    private const int WrongUsage = 2;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData("run", "--port", "0")]
    [InlineData("status")]
    [InlineData("verify")]
    [InlineData("export")]
    [InlineData("rebuild", "--rollup", "viewsByDeviceGenre")]
    [InlineData("accept-cut", "--partition", "0")]
    [InlineData("accept-stream")]
    [InlineData("health")]
    [InlineData("demo", "--nodes", "1", "--events", "1")]
    public Task Every_command_refuses_a_variable_that_is_spelled_otherwise(params string[] arguments) => RefusedAsync(
        arguments,
        new() { ["PULSE_STORAGE__CONNECTIONSTRING"] = "Host=127.0.0.1;Database=x;Password=sesame" },
        "PULSE_STORAGE__CONNECTIONSTRING in the environment is no setting of Pulse and is not read; write Pulse__Storage__ConnectionString.");

    [Theory]
    [InlineData("""{"Storage":{"ConnectionString":"Password=sesame"}}""", "Storage:ConnectionString", "write Pulse:Storage:ConnectionString.")]
    [InlineData("""{"Pulse__Kafka__BootstrapServers":"a:1"}""", "Pulse__Kafka__BootstrapServers", "write Pulse:Kafka:BootstrapServers.")]
    [InlineData("""{"Pulze":{"Kafka":{"BootstrapServers":"a:1"}}}""", "Pulze:Kafka:BootstrapServers", "write Pulse:Kafka:BootstrapServers.")]
    [InlineData("""{"Pulse":null}""", "Pulse in ", "is no section;")]
    [InlineData("""{"pulse":"sesame"}""", "pulse in ", "is no section;")]
    [InlineData("""{"pulse":{"storage.connectionString":"x"}}""", "Pulse:storage.connectionString is no setting;", "the nearest is Pulse:Storage:ConnectionString.")]
    public async Task A_settings_file_is_refused_that_is_spelled_otherwise(string json, string named, string right)
    {
        await File.WriteAllTextAsync(_directory["appsettings.json"], json, TestContext.Current.CancellationToken);
        await RefusedAsync(["run", "--port", "0"], [], named, right);
    }

    [Theory]
    [InlineData("Pulse", "sesame", "Pulse in the environment", "Pulse__Kafka__BootstrapServers")]
    [InlineData("KAFKA__BOOTSTRAPSERVERS", "a:1", "KAFKA__BOOTSTRAPSERVERS in the environment", "Pulse__Kafka__BootstrapServers")]
    [InlineData("Pulse.Kafka.BootstrapServers", "a:1", "Pulse.Kafka.BootstrapServers in the environment", "Pulse__Kafka__BootstrapServers")]
    [InlineData("Pulse__Storge__ConnectionString", "sesame", "Pulse:Storge is no setting;", "the nearest is Pulse:Storage:…")]
    [InlineData("Pulse__KafkaBootstrapServers", "a:1", "Pulse:KafkaBootstrapServers is no setting;", "the nearest is Pulse:Kafka:BootstrapServers.")]
    [InlineData("Pulse__Http__Prot", "1", "Pulse:Http:Prot is no setting;", "the nearest is Pulse:Http:Port.")]
    [InlineData("Pulse__Http__Colour", "1", "Pulse:Http:Colour is no setting;", "Pulse:Http has AllowAnonymous")]
    [InlineData("Pulse__Storage", "Host=x;Password=sesame", "Pulse:Storage is one value, but a section;", "Pulse:Storage has ConnectionString.")]
    [InlineData("Pulse__Kafka__Client", "sesame", "Pulse:Kafka:Client is one value, but a section;", "Pulse:Kafka:Client:name")]
    public Task A_variable_is_refused_with_the_nearest_setting(string name, string value, string named, string right) =>
        RefusedAsync(["run", "--port", "0"], new() { [name] = value }, named, right);

    [Fact]
    public async Task What_is_only_near_a_setting_is_a_warning_and_what_is_PulseAudio_s_is_nothing()
    {
        await File.WriteAllTextAsync(
            _directory["appsettings.json"], """{"Kafka":{"BootstrapServer":"a:1"}}""", TestContext.Current.CancellationToken);
        await using var export = PulseProcess.Host(
            _directory,
            new Dictionary<string, string>
            {
                ["PULSE_KAFKA_BOOTSTRAPSERVER"] = "a:1", ["PULSE_SERVER"] = "unix:/mnt/wslg/PulseServer", ["PULSE_TEST_DATA"] = "x",
            },
            "export");

        Assert.Equal(2, await export.ExitAsync(Limit));
        Assert.Collection(
            export.Errors,
            line => Assert.Equal(
                $"Warning: Kafka:BootstrapServer in {_directory["appsettings.json"]} is no setting of Pulse and is not read; if it is meant for "
                + "Pulse, write Pulse:Kafka:BootstrapServers.", line),
            line => Assert.Equal(
                "Warning: PULSE_KAFKA_BOOTSTRAPSERVER in the environment is no setting of Pulse and is not read; if it is meant for Pulse, "
                + "write Pulse__Kafka__BootstrapServers.", line),
            line => Assert.StartsWith("There is no storage in ", line, StringComparison.Ordinal));
    }

    public void Dispose() => _directory.Dispose();

    private async Task RefusedAsync(string[] arguments, Dictionary<string, string> environment, params string[] parts)
    {
        await using var command = PulseProcess.Host(_directory, environment, arguments);
        Assert.Equal(WrongUsage, await command.ExitAsync(Limit));
        Assert.Empty(command.Output);
        var line = Assert.Single(command.Errors);
        Assert.DoesNotContain("sesame", line, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, line, StringComparison.Ordinal));
    }
}
