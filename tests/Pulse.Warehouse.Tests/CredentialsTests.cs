using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Pulse.Testing.BigQuery;
using Pulse.Warehouse.BigQuery;

namespace Pulse.Warehouse.Tests;

/// <summary>Who asks: key files and workload identity federation against a token endpoint, and files that are neither.</summary>
public sealed class CredentialsTests : IAsyncLifetime
{
    private const string Token = "issued-token";
    private const string Account = "pulse@pulse-test.iam.gserviceaccount.com";

    private readonly string _directory = Directory.CreateTempSubdirectory("pulse-credentials-").FullName;
    private FakeBigQuery _fake = null!;

    public async ValueTask InitializeAsync()
    {
        _fake = await FakeBigQuery.StartAsync();
        _fake.Token = Token;
    }

    public async ValueTask DisposeAsync()
    {
        await _fake.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_service_account_s_key_signs_for_a_token()
    {
        using var key = RSA.Create(2048);
        JsonNode? claims = null;
        _fake.Elsewhere = async context =>
        {
            var form = await context.Request.ReadFormAsync();
            Assert.Equal("urn:ietf:params:oauth:grant-type:jwt-bearer", form["grant_type"]);
            var parts = form["assertion"].ToString().Split('.');
            Assert.True(key.VerifyData(
                Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Decoded(parts[2]), HashAlgorithmName.SHA256,
                RSASignaturePadding.Pkcs1));
            claims = JsonNode.Parse(Decoded(parts[1]));
            await IssueAsync(context, "{}");
        };
        var file = await FileAsync("key.json", new JsonObject
        {
            ["type"] = "service_account",
            ["project_id"] = FakeBigQuery.Project,
            ["private_key_id"] = "1",
            ["private_key"] = key.ExportPkcs8PrivateKeyPem(),
            ["client_email"] = Account,
            ["client_id"] = "1",
            ["token_uri"] = new Uri(_fake.BaseUri, "token").AbsoluteUri,
        });

        await ExportAsync(BigQueryCredentials.FromFile(file));

        Assert.Equal(Account, (string?)claims!["iss"]);
        Assert.Equal("https://www.googleapis.com/auth/bigquery", (string?)claims["scope"]);
        Assert.Single(_fake.Loads);
    }

    [Fact]
    public async Task Workload_identity_federation_exchanges_the_platform_s_token()
    {
        IFormCollection? form = null;
        _fake.Elsewhere = async context =>
        {
            form = await context.Request.ReadFormAsync();
            await IssueAsync(context, """{"issued_token_type":"urn:ietf:params:oauth:token-type:access_token"}""");
        };
        var subject = Path.Combine(_directory, "subject");
        await File.WriteAllTextAsync(subject, "platform-token");
        var file = await FileAsync("federation.json", new JsonObject
        {
            ["type"] = "external_account",
            ["audience"] = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/provider",
            ["subject_token_type"] = "urn:ietf:params:oauth:token-type:jwt",
            ["token_url"] = new Uri(_fake.BaseUri, "sts").AbsoluteUri,
            ["credential_source"] = new JsonObject { ["file"] = subject },
        });

        await ExportAsync(BigQueryCredentials.FromFile(file));

        Assert.Equal("platform-token", form!["subject_token"]);
        Assert.Single(_fake.Loads);
    }

    [Fact]
    public async Task A_token_that_is_refused_is_one_line_without_the_key()
    {
        using var key = RSA.Create(2048);
        _fake.Elsewhere = async context =>
        {
            context.Response.StatusCode = 400;
            await context.Response.WriteAsync("""{"error":"invalid_grant","error_description":"Account not found"}""");
        };
        var file = await FileAsync("key.json", new JsonObject
        {
            ["type"] = "service_account",
            ["private_key"] = key.ExportPkcs8PrivateKeyPem(),
            ["client_email"] = Account,
            ["token_uri"] = new Uri(_fake.BaseUri, "token").AbsoluteUri,
        });

        var failure = await Assert.ThrowsAsync<WarehouseException>(() => ExportAsync(BigQueryCredentials.FromFile(file)));

        Assert.True(failure.IsPermanent);
        Assert.Contains("Account not found", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
    }

    [Theory]
    [InlineData("not JSON at all: secret")]
    [InlineData("""{"type":"service_account","private_key":"secret","client_email":"a@b"}""")]
    [InlineData("""{"type":"something_else","private_key":"secret"}""")]
    [InlineData("""["secret"]""")]
    public async Task A_file_that_is_no_key_is_one_line_that_names_it_and_never_its_content(string content)
    {
        var file = Path.Combine(_directory, "wrong.json");
        await File.WriteAllTextAsync(file, content);

        var failure = await Assert.ThrowsAsync<WarehouseException>(() => ExportAsync(BigQueryCredentials.FromFile(file)));

        Assert.True(failure.IsPermanent);
        Assert.Contains(file, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
    }

    [Fact]
    public async Task A_request_without_the_token_is_a_refusal_for_good()
    {
        var failure = await Assert.ThrowsAsync<WarehouseException>(() => ExportAsync(BigQueryCredentials.None));

        Assert.True(failure.IsPermanent);
        Assert.Contains("Check the credentials", failure.Message, StringComparison.Ordinal);
    }

    private async Task ExportAsync(BigQueryCredentials credentials)
    {
        using var warehouse = new BigQueryWarehouse(Counts.Options(_fake) with { Credentials = credentials });
        await Counts.ExportAsync(warehouse, Counts.NewYear, Counts.Rows(Counts.NewYear));
    }

    private async Task<string> FileAsync(string name, JsonObject content)
    {
        var path = Path.Combine(_directory, name);
        await File.WriteAllTextAsync(path, content.ToJsonString());
        return path;
    }

    private static async Task IssueAsync(HttpContext context, string more)
    {
        var answer = (JsonObject)JsonNode.Parse(more)!;
        answer["access_token"] = Token;
        answer["expires_in"] = 3600;
        answer["token_type"] = "Bearer";
        await context.Response.WriteAsJsonAsync(answer);
    }

    private static byte[] Decoded(string text)
    {
        var padded = text.Replace('-', '+').Replace('_', '/');
        return Convert.FromBase64String(padded.PadRight((padded.Length + 3) / 4 * 4, '='));
    }
}
