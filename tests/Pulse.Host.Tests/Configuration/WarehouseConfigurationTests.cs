using Microsoft.Extensions.Configuration;
using Pulse.Host.Configuration;

namespace Pulse.Host.Tests.Configuration;

public sealed class WarehouseConfigurationTests
{
    private const string BigQuery = "Pulse:Warehouse:BigQuery:";

    [Fact]
    public void Naming_a_project_chooses_BigQuery_with_the_environment_s_credentials()
    {
        var warehouse = Read(new() { [BigQuery + "ProjectId"] = "my-project-123", [BigQuery + "Location"] = "EU" });

        Assert.Equal(("my-project-123", "real_time_analytics", "EU"),
            (warehouse.BigQuery!.ProjectId, warehouse.BigQuery.DatasetId, warehouse.BigQuery.Location));
        Assert.Equal("https://bigquery.googleapis.com/", warehouse.BigQuery.BaseUri.AbsoluteUri);
        Assert.Contains("application-default", warehouse.Create().Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Parquet_can_be_chosen_although_a_project_is_named() => Assert.Null(Read(new()
    {
        ["Pulse:Warehouse:Kind"] = "parquet", [BigQuery + "ProjectId"] = "my-project-123",
    }).BigQuery);

    [Fact]
    public void A_key_file_is_described_by_its_path_alone()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, """{"private_key":"secret"}""");
        try
        {
            var warehouse = Read(new()
            {
                [BigQuery + "ProjectId"] = "my-project-123", [BigQuery + "CredentialsFile"] = file,
            });

            var text = warehouse.Create().Description + warehouse;
            Assert.Contains(file, text, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void An_emulator_needs_no_credentials()
    {
        var warehouse = Read(new()
        {
            ["Pulse:Warehouse:Kind"] = "BigQuery",
            [BigQuery + "ProjectId"] = "my-project-123",
            [BigQuery + "BaseUri"] = "http://emulator:9050",
            [BigQuery + "Credentials"] = "None",
        });

        Assert.Equal("http://emulator:9050/", warehouse.BigQuery!.BaseUri.AbsoluteUri);
    }

    [Theory]
    [InlineData("Pulse:Warehouse:Kind", "Snowflake", "Pulse:Warehouse:Kind is 'Snowflake'; use Parquet or BigQuery.")]
    [InlineData("Pulse:Warehouse:Directory", "/tmp/w", "Pulse:Warehouse:Directory is for Parquet files")]
    [InlineData(BigQuery + "ProjectId", "My Project", "ProjectId is 'My Project'; name the Google Cloud project")]
    [InlineData(BigQuery + "Dataset", "views-by", "Dataset is 'views-by'; use letters, digits and underscores.")]
    [InlineData(BigQuery + "Location", "Mars!", "Location is 'Mars!'; use a place")]
    [InlineData(BigQuery + "BaseUri", "ftp://x", "BaseUri is no root of an API")]
    [InlineData(BigQuery + "BaseUri", "http://bigquery.internal", "credentials would travel in clear text")]
    [InlineData(BigQuery + "Credentials", "None", "Credentials is None, which only an emulator takes")]
    [InlineData(BigQuery + "Credentials", "File", "File and a file's path belong together.")]
    [InlineData(BigQuery + "Credentials", "Magic", "Credentials is 'Magic'; use Default, File or None.")]
    [InlineData(BigQuery + "CredentialsFile", "/nowhere/key.json", "CredentialsFile is '/nowhere/key.json', where no file is.")]
    public void Every_mistake_is_one_line_that_names_the_setting(string name, string value, string expected)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Pulse:Warehouse:Kind"] = "BigQuery", [BigQuery + "ProjectId"] = "my-project-123", [name] = value,
        };

        var failure = Assert.Throws<ConfigurationException>(() => Read(settings));

        Assert.Contains(expected, Assert.Single(failure.Mistakes), StringComparison.Ordinal);
    }

    private static WarehouseConfiguration Read(Dictionary<string, string?> settings) => NodeConfiguration
        .Read(new ConfigurationBuilder().AddInMemoryCollection(settings).Build()).Warehouse;
}
