using System.Net;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>Every directory that a node writes to is looked at before it starts: it is refused, or the node says what it does without it.</summary>
public sealed class WrittenDirectoryTests(KafkaFixture kafka, PostgresFixture postgres) : IDisposable
{
    private const string ApiKey = "a key of thirty-two characters..";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly TestDirectory _directory = new();

    // Below a file there is no directory, not even for root.
    private string Impossible => Path.Combine(_directory["file"], "below");

    [Fact]
    public Task A_data_directory_that_holds_nothing_but_the_address_of_the_embedded_broker_is_refused() =>
        RefusedAsync($"The data directory {Impossible}", "Pulse:Data", new()
        {
            ["Pulse__Data"] = Impossible,
            ["Pulse__Warehouse__Directory"] = _directory["warehouse"],
            ["Pulse__Storage__ConnectionString"] = "Host=127.0.0.1;Port=1;Database=views;Username=x",
        });

    [Fact]
    public Task A_staging_directory_is_refused() =>
        RefusedAsync($"The staging directory {Impossible}", "Pulse:Warehouse:BigQuery:StagingDirectory", new()
        {
            ["Pulse__Warehouse__BigQuery__ProjectId"] = "my-project-123",
            ["Pulse__Warehouse__BigQuery__Credentials"] = "None",
            ["Pulse__Warehouse__BigQuery__BaseUri"] = "http://127.0.0.1:1/",
            ["Pulse__Warehouse__BigQuery__StagingDirectory"] = Impossible,
        });

    [Fact]
    public Task Temporary_files_are_where_a_date_is_staged_unless_told_otherwise() =>
        RefusedAsync($"The staging directory {Impossible}", "Pulse:Warehouse:BigQuery:StagingDirectory", new()
        {
            ["Pulse__Warehouse__BigQuery__ProjectId"] = "my-project-123",
            ["Pulse__Warehouse__BigQuery__Credentials"] = "None",
            ["Pulse__Warehouse__BigQuery__BaseUri"] = "http://127.0.0.1:1/",
            ["TMPDIR"] = Impossible,
        });

    [Fact]
    public async Task Without_a_place_for_keys_pages_work_and_a_line_says_that_sign_ins_end_with_the_process()
    {
        var stream = await TestStream.CreateAsync(kafka);
        var environment = stream.Environment(await postgres.CreateDatabaseAsync(), null);
        environment["Pulse__Data"] = Impossible;
        environment["Pulse__Warehouse__Directory"] = _directory["warehouse"];
        await PagesWorkAsync(environment, Path.Combine(Impossible, "keys"));
    }

    [Fact]
    public async Task Without_a_place_for_temporary_files_pages_work_too()
    {
        await PagesWorkAsync(new() { ["TMPDIR"] = Impossible }, Impossible);
    }

    [Fact]
    public async Task A_file_where_keys_belong_is_no_reason_for_a_page_to_fail()
    {
        Directory.CreateDirectory(_directory["pulse-data"]);
        await File.WriteAllTextAsync(_directory["pulse-data/keys"], "", TestContext.Current.CancellationToken);
        await PagesWorkAsync([], _directory["pulse-data/keys"]);
    }

    public void Dispose() => _directory.Dispose();

    private async Task RefusedAsync(string what, string setting, Dictionary<string, string> environment)
    {
        await File.WriteAllTextAsync(_directory["file"], "", TestContext.Current.CancellationToken);
        await using var node = PulseProcess.Host(_directory, environment, "run", "--port", "0");
        Assert.Equal(1, await node.ExitAsync(Limit));
        Assert.Empty(node.Output);
        var line = Assert.Single(node.Errors);
        Assert.Contains(what, line, StringComparison.Ordinal);
        Assert.Contains(setting, line, StringComparison.Ordinal);
    }

    private async Task PagesWorkAsync(Dictionary<string, string> environment, string named)
    {
        await File.WriteAllTextAsync(_directory["file"], "", TestContext.Current.CancellationToken);
        environment["Pulse__Http__ApiKey"] = ApiKey;
        await using var node = PulseProcess.Host(_directory, environment, "run", "--port", "0");
        var address = new Uri(await node.AddressAsync());
        var line = await node.LineAsync("sign-ins, and pages that are open, end with this process", Limit);
        Assert.Contains(named, line, StringComparison.Ordinal);
        Assert.Contains(" warn ", line, StringComparison.Ordinal);

        using var browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = address, Timeout = Limit };
        using var page = await browser.GetAsync(new Uri("/login", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.DoesNotContain(node.Output, each => each.Contains(" error ", StringComparison.Ordinal));
        Assert.Empty(node.Errors);
    }
}
