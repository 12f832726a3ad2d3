using Pulse.Host.Configuration;

namespace Pulse.Host.Tests.Configuration;

/// <summary>What is nearly a setting is known for the one that is meant.</summary>
public sealed class MisspellingTests
{
    [Theory]
    [InlineData("PULSE_STORAGE__CONNECTIONSTRING", "Storage:ConnectionString")]
    [InlineData("PULSE_STORAGE_CONNECTION_STRING", "Storage:ConnectionString")]
    [InlineData("PULSE_KAFKA_BOOTSTRAPSERVERS", "Kafka:BootstrapServers")]
    [InlineData("PULSE_KAFKA_BOOTSTRAP_SERVERS", "Kafka:BootstrapServers")]
    [InlineData("Pulse_Kafka_BootstrapServers", "Kafka:BootstrapServers")]
    [InlineData("Pulse.Kafka.BootstrapServers", "Kafka:BootstrapServers")]
    [InlineData("PULSE-KAFKA-BOOTSTRAPSERVERS", "Kafka:BootstrapServers")]
    [InlineData("PulseKafkaBootstrapServers", "Kafka:BootstrapServers")]
    [InlineData("Puls__Storage__ConnectionString", "Storage:ConnectionString")]
    [InlineData("PLUSE_STORAGE_CONNECTIONSTRING", "Storage:ConnectionString")]
    [InlineData("DOTNET_Pulse__Kafka__BootstrapServers", "Kafka:BootstrapServers")]
    [InlineData("ASPNETCORE_PULSE_KAFKA_BOOTSTRAPSERVERS", "Kafka:BootstrapServers")]
    [InlineData("PULSE_WINDOW", "Window")]
    [InlineData("PULSE_DATA", "Data")]
    [InlineData("PULSE_HTTP_PORT", "Http:Port")]
    [InlineData("PULSE_CLUSTER_SEEDNODES_1", "Cluster:SeedNodes:1")]
    [InlineData("PULSE_CLUSTER_SEED_NODES", "Cluster:SeedNodes")]
    [InlineData("PULSE_ROLLUPS_0_DIMENSIONS_12", "Rollups:0:Dimensions:12")]
    [InlineData("PULSE_WAREHOUSE_BIGQUERY_PROJECTID", "Warehouse:BigQuery:ProjectId")]
    [InlineData("PULSE_KAFKA_CLIENT_SASL_USERNAME", "Kafka:Client:sasl.username")]
    public void A_variable_that_can_only_be_meant_for_Pulse(string name, string setting) =>
        Assert.Equal(new Misspelling(setting, IsCertain: true), Variable(name));

    [Theory]
    [InlineData("PULSE_KAFKA_BOOTSTRAPSERVER", "Kafka:BootstrapServers")]
    [InlineData("PULSE_KAFAK_BOOTSTRAPSERVERS", "Kafka:BootstrapServers")]
    [InlineData("PULSE_BOOTSTRAP_SERVERS", "Kafka:BootstrapServers")]
    [InlineData("PULSE_CONNECTIONSTRING", "Storage:ConnectionString")]
    [InlineData("Pulse_Htp_Port", "Http:Port")]
    [InlineData("PULSE_DATE", "Data")]
    [InlineData("PULS_DATA", "Data")]
    [InlineData("PULSE_KAFKA", "Kafka:…")]
    public void A_variable_that_is_near_a_setting(string name, string setting) =>
        Assert.Equal(new Misspelling(setting, IsCertain: false), Variable(name));

    [Theory]
    [InlineData("KAFKA__BOOTSTRAPSERVERS", "Kafka:BootstrapServers", true)]
    [InlineData("Storage__ConnectionString", "Storage:ConnectionString", true)]
    [InlineData("KAFKA_BOOTSTRAP_SERVERS", "Kafka:BootstrapServers", false)]
    public void A_variable_that_may_be_another_program_s_is_in_doubt_only_while_the_setting_has_no_value(
        string name, string setting, bool isCertain)
    {
        var misspelling = Variable(name);
        Assert.Equal((setting, isCertain, true), (misspelling?.Setting, misspelling?.IsCertain, misspelling?.IsOfAnybody));
        Assert.Null(Misspelling.OfVariable(name, "x", path => path == setting));
    }

    [Theory]
    [InlineData("Pulse__Kafka__BootstrapServers")]
    [InlineData("PULSE__KAFKA__BOOTSTRAPSERVERS")]
    [InlineData("pulse__http__port")]
    [InlineData("Pulse:Http:Port")]
    [InlineData("DATA")]
    [InlineData("WINDOW")]
    [InlineData("PULSAR_DATA")]
    [InlineData("IMPULSE_KAFKA_TOPIC")]
    [InlineData("ASPNETCORE_HTTP_PORTS")]
    [InlineData("DOTNET_RUNNING_IN_CONTAINER")]
    [InlineData("Logging__LogLevel__Default")]
    [InlineData("KAFKA_HEAP_OPTS")]
    [InlineData("PATH")]
    [InlineData("PULSE_SERVICE_HOST")]
    [InlineData("PULSE_SERVICE_PORT_HTTP")]
    [InlineData("PULSE_TEST_KAFKA_HOME")]
    [InlineData("PULSE_TEST_DATA")]
    public void A_variable_that_is_right_or_none_of_Pulse_s_business(string name) => Assert.Null(Variable(name));

    [Theory]
    [InlineData("PULSE_SERVER")]
    [InlineData("PULSE_COOKIE")]
    [InlineData("PULSE_SINK")]
    [InlineData("PULSE_SOURCE")]
    [InlineData("PULSE_LATENCY_MSEC")]
    [InlineData("PULSE_CLIENTCONFIG")]
    [InlineData("PULSE_PROP")]
    [InlineData("PULSE_PROP_media.role")]
    [InlineData("PULSE_PROP_OVERRIDE")]
    [InlineData("PULSE_RUNTIME_PATH")]
    [InlineData("PULSE_STATE_PATH")]
    [InlineData("PULSE_CONFIG_PATH")]
    [InlineData("PULSE_DLPATH")]
    [InlineData("PULSE_SCRIPT")]
    [InlineData("PULSE_LOG")]
    [InlineData("PULSE_LOG_TIME")]
    [InlineData("PULSE_LOG_NO_RATE_LIMIT")]
    [InlineData("PULSE_IGNORE_NO_STALE")]
    [InlineData("PULSE_NO_SIMD")]
    public void A_variable_of_PulseAudio(string name) => Assert.Null(Variable(name));

    [Fact]
    public void A_variable_by_which_Kubernetes_says_where_a_service_is() =>
        Assert.Null(Misspelling.OfVariable("PULSE_HTTP_PORT", "tcp://10.0.0.7:8080", _ => false));

    [Theory]
    [InlineData("Kafka:BootstrapServers", "Kafka:BootstrapServers", true)]
    [InlineData("storage:connection_string", "Storage:ConnectionString", true)]
    [InlineData("Pulse.Kafka.BootstrapServers", "Kafka:BootstrapServers", true)]
    [InlineData("Pulse__Kafka__BootstrapServers", "Kafka:BootstrapServers", true)]
    [InlineData("Pulze:Storage:ConnectionString", "Storage:ConnectionString", true)]
    [InlineData("Rollups:0:Name", "Rollups:0:Name", true)]
    [InlineData("Kafka:BootstrapServer", "Kafka:BootstrapServers", false)]
    [InlineData("Storge:ConnectionString", "Storage:ConnectionString", false)]
    [InlineData("Window", "Window", false)]
    public void A_path_of_a_settings_file(string path, string setting, bool isCertain) =>
        Assert.Equal(new Misspelling(setting, isCertain), Misspelling.OfPath(path));

    [Theory]
    [InlineData("Pulse:Kafka:BootstrapServers")]
    [InlineData("pulse:kafak")]
    [InlineData("Logging:LogLevel:Default")]
    [InlineData("AllowedHosts")]
    [InlineData("ConnectionStrings:Default")]
    public void A_path_of_a_settings_file_that_is_right_or_none_of_Pulse_s_business(string path) => Assert.Null(Misspelling.OfPath(path));

    private static Misspelling? Variable(string name) => Misspelling.OfVariable(name, "x", _ => false);
}
