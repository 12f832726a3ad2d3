using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Npgsql;
using Pulse.Actors.Broker;
using Pulse.Actors.Hosting;
using Pulse.Actors.Live;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Host.Configuration;

/// <summary>A node's configuration, checked: what to run, and what of it is embedded.</summary>
/// <param name="Settings">For the actors.</param>
/// <param name="DataDirectory">Absolute.</param>
/// <param name="Warehouse">Where exports go.</param>
/// <param name="Http">Where and to whom the dashboard and the API answer.</param>
/// <param name="IsBrokerEmbedded">Whether the broker and the simulator run in this process.</param>
/// <param name="IsStorageEmbedded">Whether storage is SQLite in the data directory.</param>
/// <param name="CreateTopics">Whether absent topics are made.</param>
internal sealed partial record NodeConfiguration(
    PulseSettings Settings,
    string DataDirectory,
    WarehouseConfiguration Warehouse,
    HttpSettings Http,
    bool IsBrokerEmbedded,
    bool IsStorageEmbedded,
    bool CreateTopics)
{
    /// <summary>The address of the embedded broker before it runs.</summary>
    public const string EmbeddedBrokerPlaceholder = "embedded";

    private const string StorageFile = "pulse.db";

    private static readonly TimeSpan EmbeddedCheckpointInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromMinutes(5);

    /// <summary>Whether the node can't do without its data directory.</summary>
    public bool NeedsData => IsBrokerEmbedded || IsStorageEmbedded;

    /// <summary>Reads and checks the section <c>Pulse</c>.</summary>
    /// <exception cref="ConfigurationException">It has mistakes; all of them are told at once.</exception>
    public static NodeConfiguration Read(IConfiguration configuration)
    {
        var options = Bind(configuration.GetSection(PulseOptions.Section));
        var mistakes = new List<string>();
        mistakes.AddRange(RollupCatalog.TryCreate([.. options.Rollups], out var catalog));
        CheckTimes(options, mistakes);
        CheckKafka(options.Kafka, mistakes);
        var kafka = KafkaOf(options.Kafka);
        KafkaClientConfiguration.Check(
            configuration.GetSection($"{PulseOptions.Section}:{nameof(PulseOptions.Kafka)}:{nameof(KafkaOptions.Client)}"), kafka, mistakes);
        CheckLive(options.Live, mistakes);
        var cluster = ClusterConfiguration.Read(
            options.Cluster, configuration.GetSection($"{PulseOptions.Section}:{nameof(PulseOptions.Cluster)}"), mistakes);
        var http = HttpSettings.Read(options.Http, mistakes);
        var dataDirectory = ConfiguredPath.Full(options.Data, "Pulse:Data", mistakes);
        var warehouse = WarehouseConfiguration.Read(
            options.Warehouse,
            ConfiguredPath.Full(
                options.Warehouse.Directory ?? Path.Combine(dataDirectory, "warehouse"),
                "Pulse:Warehouse:Directory", mistakes),
            mistakes);
        var storage = StorageOf(options.Storage, dataDirectory, mistakes);
        if (mistakes.Count > 0)
            throw new ConfigurationException(mistakes);

        var isBrokerEmbedded = options.Kafka.BootstrapServers is null;
        var settings = new PulseSettings(kafka, storage, catalog)
        {
            Rules = new CountingRules
            {
                WindowLength = options.Window, MaximumSkew = options.MaximumSkew, AllowedLateness = options.AllowedLateness,
            },
            CheckpointInterval = options.CheckpointInterval
                ?? (isBrokerEmbedded ? EmbeddedCheckpointInterval : CheckpointInterval),
            FlushInterval = options.FlushInterval,
            Live = new LiveOptions { Windows = options.Live.Windows, KeysPerWindow = options.Live.KeysPerWindow },
            Cluster = cluster,
        };
        return new NodeConfiguration(
            settings,
            dataDirectory,
            warehouse,
            http,
            isBrokerEmbedded,
            storage.Kind == StorageKind.Sqlite,
            options.Kafka.CreateTopics);
    }

    /// <summary>For a command that works on what a node has stored: a file that is not there would be made, empty.</summary>
    /// <exception cref="ConfigurationException">There is no such file.</exception>
    public void RequireStorage()
    {
        if (IsStorageEmbedded && !File.Exists(Path.Combine(DataDirectory, StorageFile)))
            throw new ConfigurationException(
                $"There is no storage in {DataDirectory}. Name its directory with --data, or the database in "
                + "Pulse:Storage:ConnectionString.");
    }

    private static PulseOptions Bind(IConfigurationSection section)
    {
        string[] mistakes = [.. SettingsCheck.Mistakes(section, typeof(PulseOptions))];
        return mistakes.Length == 0
            ? section.Get<PulseOptions>() ?? new PulseOptions()
            : throw new ConfigurationException(mistakes);
    }

    private static void CheckTimes(PulseOptions options, List<string> mistakes)
    {
        var day = TimeSpan.FromDays(1);
        if (options.Window < TimeSpan.FromSeconds(1) || options.Window > day || day.Ticks % options.Window.Ticks != 0
            || options.Window.Ticks % TimeSpan.TicksPerSecond != 0)
            mistakes.Add($"Pulse:Window is {options.Window}; use whole seconds that divide a day evenly, such as 00:05:00.");
        CheckVerdictTime("Pulse:MaximumSkew", options.MaximumSkew, mistakes);
        if (options.AllowedLateness is { } lateness)
            CheckVerdictTime("Pulse:AllowedLateness", lateness, mistakes);
        CheckTime("Pulse:FlushInterval", options.FlushInterval, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10), mistakes);
        CheckTime(
            "Pulse:Cluster:SeedNodeTimeout", options.Cluster.SeedNodeTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5),
            mistakes);
        if (options.CheckpointInterval is { } interval)
            CheckTime("Pulse:CheckpointInterval", interval, TimeSpan.FromMilliseconds(100), day, mistakes);
    }

    // Verdicts are in whole milliseconds: what is finer would be declared otherwise than it is applied.
    private static void CheckVerdictTime(string name, TimeSpan value, List<string> mistakes)
    {
        if (value < TimeSpan.Zero || value > TimeSpan.FromDays(366) || value.Ticks % TimeSpan.TicksPerMillisecond != 0)
            mistakes.Add($"{name} is {value}; use whole milliseconds from 00:00:00 to 366.00:00:00.");
    }

    private static void CheckTime(string name, TimeSpan value, TimeSpan least, TimeSpan most, List<string> mistakes)
    {
        if (value < least || value > most)
            mistakes.Add($"{name} is {value}; use {least} to {most}.");
    }

    private static void CheckKafka(KafkaOptions kafka, List<string> mistakes)
    {
        if (kafka.BootstrapServers is { } servers
            && !servers.Split(',').All(server => ClusterConfiguration.IsAddress(server.Trim())))
            mistakes.Add($"Pulse:Kafka:BootstrapServers is '{servers}'; use host:port, several separated by commas.");

        var topics = new[] { kafka.Topic, kafka.CompletionTopic, kafka.DeadLetterTopic };
        if (topics.Any(string.IsNullOrWhiteSpace) || topics.Distinct(StringComparer.Ordinal).Count() < topics.Length)
            mistakes.Add("Pulse:Kafka:Topic, CompletionTopic and DeadLetterTopic must be three different names; they are "
                + $"'{kafka.Topic}', '{kafka.CompletionTopic}' and '{kafka.DeadLetterTopic}'.");
        foreach (var (name, topic) in ((string, string)[])[(nameof(kafka.Topic), kafka.Topic),
            (nameof(kafka.CompletionTopic), kafka.CompletionTopic), (nameof(kafka.DeadLetterTopic), kafka.DeadLetterTopic)])
        {
            if (!string.IsNullOrWhiteSpace(topic) && !TopicName().IsMatch(topic))
                mistakes.Add($"Pulse:Kafka:{name} is '{topic}', which is no name of a topic; use letters, digits, '.', '_' and '-', at most 249.");
        }

        // It stands before the positions in a line of the database, and blanks divide those.
        if (kafka.StreamIdentity is { } identity && !Identity().IsMatch(identity))
            mistakes.Add($"Pulse:Kafka:StreamIdentity is '{identity}'; use letters, digits and signs without blanks, at most 295.");
        if (string.IsNullOrWhiteSpace(kafka.GroupId))
            mistakes.Add("Pulse:Kafka:GroupId is empty; name the consumer group that all nodes share.");
    }

    private static void CheckLive(LiveFeedOptions live, List<string> mistakes)
    {
        if (live.Windows is < 1 or > 100_000)
            mistakes.Add($"Pulse:Live:Windows is {live.Windows}; use 1 to 100000.");
        if (live.KeysPerWindow is < 1 or > 100_000)
            mistakes.Add($"Pulse:Live:KeysPerWindow is {live.KeysPerWindow}; use 1 to 100000.");
    }

    private static StorageOptions StorageOf(DatabaseOptions database, string dataDirectory, List<string> mistakes)
    {
        if (database.ConnectionString is not { } connectionString)
        {
            var file = new SqliteConnectionStringBuilder { DataSource = Path.Combine(dataDirectory, StorageFile) };
            return new StorageOptions(StorageKind.Sqlite, file.ConnectionString);
        }

        try
        {
            if (string.IsNullOrEmpty(new NpgsqlConnectionStringBuilder(connectionString).Host))
                mistakes.Add("Pulse:Storage:ConnectionString names no Host; use Npgsql's form, "
                    + "Host=…;Database=…;Username=…;Password=….");
        }
        catch (Exception exception) when (exception is ArgumentException or KeyNotFoundException or FormatException or OverflowException)
        {
            // The driver's message names the keyword; the string itself may hold a password and is not repeated. Of a keyword without a
            // value it does not even do that.
            var reason = exception is ArgumentException { ParamName: { } keyword } ? $"'{keyword}'"
                : exception is KeyNotFoundException ? "it has a keyword that the driver does not know"
                : exception.Message;
            mistakes.Add($"Pulse:Storage:ConnectionString can't be understood ({reason}); use Npgsql's form, "
                + "Host=…;Database=…;Username=…;Password=….");
        }

        return new StorageOptions(StorageKind.Postgres, connectionString);
    }

    private static KafkaSettings KafkaOf(KafkaOptions kafka) =>
        new(kafka.BootstrapServers ?? EmbeddedBrokerPlaceholder)
        {
            Topic = kafka.Topic,
            CompletionTopic = kafka.CompletionTopic,
            DeadLetterTopic = kafka.DeadLetterTopic,
            GroupId = kafka.GroupId,
            StreamIdentity = kafka.StreamIdentity,
            Client = kafka.Client.ToImmutableDictionary(),
        };

    [GeneratedRegex(@"^(?!\.\.?\z)[A-Za-z0-9._-]{1,249}\z")]
    private static partial Regex TopicName();

    // As long as a cluster, a topic and its id are together.
    [GeneratedRegex(@"^[!-~]{1,295}\z")]
    private static partial Regex Identity();
}
