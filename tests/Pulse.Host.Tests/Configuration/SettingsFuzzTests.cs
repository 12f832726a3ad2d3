using System.Globalization;
using System.Net;
using System.Text;
using Akka.Actor;
using Microsoft.Extensions.Configuration;
using Pulse.Actors.Storage;
using Pulse.Host.Configuration;
using Pulse.Testing.Fuzzing;

namespace Pulse.Host.Tests.Configuration;

/// <summary>Whatever settings say, by name or in a file: a node that can be put together, or a line for each mistake.</summary>
public sealed class SettingsFuzzTests : IDisposable
{
    private const string Secret = "sesame";

    private static readonly string[] Values =
    [
        "true", "0", "-1", "65535", "65536", "00:05:00", "1.00:00:00", "a:1", "::1", "[::1]:4053", "127.0.0.1", "0.0.0.0", "auto", "localhost", "https://host/",
        "http://127.0.0.1:9050/", "Host=db;", "Port=5432;", "Password=sesame;", "genre", "language", "BigQuery", "Parquet", "None", "File", "Default", "null", "my-project-123",
        "sesame sesame sesame", "\\u0000", "\\n", "\\ud800",
    ];

    private static readonly string[] Words =
    [
        .. SettingNames.All.SelectMany(name => (string[])[$"\nPulse:{name}=", $"\"{name.Split(':')[^1]}\": "]),
        .. Values.SelectMany(value => (string[])[value, $"\"{value}\""]),
    ];

    private static readonly string[] Secrets = ["storage", "storageconnectionstring", "httpapikey", "httpopenidconnect", "httpopenidconnectclientsecret"];

    private readonly string _directory = Directory.CreateTempSubdirectory("pulse-fuzz-").FullName;

    [Fact]
    public async Task Settings_are_taken_or_refused_by_name()
    {
        var outcomes = await Fuzzer.RunAsync(FuzzTarget.Settings, "settings", Words, input =>
        {
            var settings = SettingsOf(input);
            foreach (var (name, value) in settings)
            {
                _ = Misspelling.OfPath(name);
                _ = Misspelling.OfVariable(name.Replace(":", "__", StringComparison.Ordinal), value, _ => false);
            }

            return JudgeAsync(() => new ConfigurationBuilder().AddInMemoryCollection(settings).Build(), settings);
        });

        Assert.Contains("taken", outcomes);
        Assert.True(outcomes.Count >= 40, $"What is kept has {outcomes.Count} outcomes: {string.Join("; ", outcomes)}");
    }

    [Fact]
    public async Task A_file_of_settings_is_taken_or_refused_by_name()
    {
        var file = Path.Combine(_directory, "appsettings.json");
        var outcomes = await Fuzzer.RunAsync(FuzzTarget.Files, "files", Words, input =>
        {
            File.WriteAllBytes(file, input);
            return JudgeAsync(
                () =>
                {
                    var content = ConfigurationSources.ReadFile(file);
                    var mistakes = ConfigurationSources.InFile(file, content).Where(each => each.IsMistake).Select(each => each.Line).ToList();
                    // As a node takes it: what is null there is not there.
                    return mistakes.Count == 0 ? new ConfigurationBuilder().AddConfiguration(content).Build() : throw new ConfigurationException(mistakes);
                },
                []);
        });

        Assert.Contains("taken", outcomes);
        Assert.True(outcomes.Count >= 8, $"What is kept has {outcomes.Count} outcomes: {string.Join("; ", outcomes)}");
    }

    [Theory]
    [InlineData("data-empty.txt", "Pulse:Data is '', which is no path.")]
    [InlineData("data-nul.txt", "Pulse:Data is 'a b', which is no path.")]
    [InlineData("bigquery-file-empty.txt", "Pulse:Warehouse:BigQuery:CredentialsFile is '', where no file is.")]
    [InlineData("bigquery-file-no-path.txt", "Pulse:Warehouse:BigQuery:CredentialsFile is 'a b', where no file is.")]
    [InlineData("bigquery-staging-empty.txt", "Pulse:Warehouse:BigQuery:StagingDirectory is '', which is no path.")]
    [InlineData("bigquery-staging-no-path.txt", "Pulse:Warehouse:BigQuery:StagingDirectory is ' ', which is no path.")]
    [InlineData("host-quote.txt", "Pulse:Cluster:Hostname is 'a\"b'; use a host's name or an IP address.")]
    [InlineData("host-blank.txt", "Pulse:Cluster:Hostname is 'a b'; use a host's name or an IP address.")]
    [InlineData("seed-blank.txt", "Pulse:Cluster:SeedNodes names 'a b:4053'; use host:port, and brackets around an IPv6 address.")]
    [InlineData("seed-scheme.txt", "Pulse:Cluster:SeedNodes names 'akka.tcp://pulse@pulse-0:4053'; use host:port, and brackets around an IPv6 address.")]
    [InlineData("seed-no-brackets.txt", "Pulse:Cluster:SeedNodes names '::1:4'; use host:port, and brackets around an IPv6 address.")]
    [InlineData("seed-every-address.txt", "Pulse:Cluster:SeedNodes names '[::0]:4', an address to listen at; name the host at which this node reaches the seed.")]
    [InlineData("topic-blank.txt", "Pulse:Kafka:Topic is 'a b', which is no name of a topic;")]
    [InlineData("topic-dots.txt", "Pulse:Kafka:DeadLetterTopic is '..', which is no name of a topic;")]
    [InlineData("identity-blank.txt", "Pulse:Kafka:StreamIdentity is 'a b'; use letters, digits and signs without blanks")]
    [InlineData("identity-empty.txt", "Pulse:Kafka:StreamIdentity is '';")]
    public void A_mistake_that_was_found_is_one_line(string file, string line)
    {
        var settings = SettingsOf(Corpus.Of("settings", file));

        var refused = Assert.Throws<ConfigurationException>(
            () => NodeConfiguration.Read(new ConfigurationBuilder().AddInMemoryCollection(settings).Build()));

        Assert.StartsWith(line, Assert.Single(refused.Mistakes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("storage-direct.txt", "SSL Mode has to be Require or higher")]
    [InlineData("storage-ports.txt", "not in a correct format")]
    public void A_connection_string_whose_parts_do_not_fit_together_is_refused(string file, string reason)
    {
        var node = NodeConfiguration.Read(new ConfigurationBuilder().AddInMemoryCollection(SettingsOf(Corpus.Of("settings", file))).Build());

        var refused = Assert.Throws<StorageException>(() => new NodeStorage(node.Settings.Storage, node.Settings.Catalog));

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.EndsWith("Correct the connection string.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_s_end_in_a_value_ends_no_line()
    {
        var file = Path.Combine(_directory, "lines.json");
        File.WriteAllBytes(file, Corpus.Of("files", "line-in-value.json"));

        var refused = Assert.Throws<ConfigurationException>(() => NodeConfiguration.Read(ConfigurationSources.ReadFile(file)));

        Assert.StartsWith("Pulse:Window is 'a b [31m", Assert.Single(refused.Mistakes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_can_t_be_opened_is_named()
    {
        var file = Path.Combine(_directory, "held.json");
        using var held = new FileStream(file, FileMode.Create, FileAccess.ReadWrite, FileShare.None);

        var refused = Assert.Throws<ConfigurationException>(() => ConfigurationSources.ReadFile(file));

        Assert.StartsWith($"Configuration: {file} can't be read (", Assert.Single(refused.Mistakes), StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    // A line for each.
    private static Dictionary<string, string?> SettingsOf(byte[] input)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in Encoding.UTF8.GetString(input).Split('\n'))
        {
            if (line.IndexOf('=', StringComparison.Ordinal) is >= 0 and var end)
                settings[line[..end]] = line[(end + 1)..];
        }

        return settings;
    }

    private static async ValueTask<string> JudgeAsync(Func<IConfigurationRoot> read, Dictionary<string, string?> settings)
    {
        NodeConfiguration node;
        try
        {
            node = NodeConfiguration.Read(read());
        }
        catch (ConfigurationException refused)
        {
            Assert.NotEmpty(refused.Mistakes);
            Assert.All(refused.Mistakes, line => Assert.DoesNotContain(line, char.IsControl));
            var hidden = settings.Any(each => each.Value?.Contains(Secret, StringComparison.Ordinal) == true) && settings.All(IsHidden);
            // Of a connection string a keyword that is none is named.
            Assert.All(
                refused.Mistakes.Where(line => hidden && !line.Contains("can't be understood ('", StringComparison.Ordinal)),
                line => Assert.DoesNotContain(Secret, line, StringComparison.Ordinal));
            return string.Join(", ", refused.Mistakes.Select(KindOf).Distinct().Order(StringComparer.Ordinal).Take(2));
        }

        return await PutTogetherAsync(node);
    }

    // As Akka writes it: small letters, and an IP address and a port in their usual form.
    private static string Plain(string seed)
    {
        var (host, port) = (seed.IndexOf('@', StringComparison.Ordinal) + 1, seed.LastIndexOf(':') + 1);
        var number = int.Parse(seed[port..], CultureInfo.InvariantCulture);
        return seed[..host] + (IPAddress.TryParse(seed[host..(port - 1)], out var address)
            ? new IPEndPoint(address, number).ToString()
            : $"{seed[host..port].ToLowerInvariant()}{number}");
    }

    // Whether a secret, if it is in a setting, is where secrets belong.
    private static bool IsHidden(KeyValuePair<string, string?> setting) =>
        !setting.Key.Contains(Secret, StringComparison.Ordinal)
        && (setting.Value?.Contains(Secret, StringComparison.Ordinal) != true
            || Secrets.Any(name => SettingNames.Bare(setting.Key) == $"pulse{name}")
            || setting.Key.StartsWith("Pulse:Kafka:Client:sasl.password", StringComparison.OrdinalIgnoreCase));

    // What contacts nobody, and would throw where something else was taken than it should be.
    private static async Task<string> PutTogetherAsync(NodeConfiguration node)
    {
        node.Warehouse.Create();
        Assert.True(Path.IsPathFullyQualified(node.DataDirectory));
        foreach (var seed in node.Settings.Cluster.SeedNodes)
        {
            var address = Address.Parse(seed);
            Assert.Equal(Plain(seed), string.Create(CultureInfo.InvariantCulture, $"{address.Protocol}://{address.System}@{address.Host}:{address.Port}"));
        }

        try
        {
            await using var storage = new NodeStorage(node.Settings.Storage, node.Settings.Catalog);
            return "taken";
        }
        catch (StorageException refused)
        {
            Assert.EndsWith("Correct the connection string.", refused.Message, StringComparison.Ordinal);
            return "taken, without a storage";
        }
    }

    // The setting, if it is one.
    private static string KindOf(string line)
    {
        var name = line.Split(' ')[0].TrimEnd(':', ',');
        if (!name.StartsWith("Pulse:", StringComparison.OrdinalIgnoreCase))
            return line.Split(' ')[0] is "The" or "Configuration:" ? line.Split(' ')[0] : "another name";
        return (SettingNames.Same(name["Pulse:".Length..]) is { } known ? new string([.. known.Where(each => !char.IsAsciiDigit(each))]) : "no setting")
            + (line.Contains("is no setting", StringComparison.Ordinal) ? " unknown" : "");
    }
}
