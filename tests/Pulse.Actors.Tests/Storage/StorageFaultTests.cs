using Npgsql;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage;

/// <summary>Every way in which a database can be away or wrong is one line for a person, without a secret.</summary>
public sealed class StorageFaultTests(PostgresFixture postgres)
{
    private const string Secret = "hunter2";

    [Fact]
    public async Task A_port_where_nobody_listens()
    {
        var fault = await RenewalFaultAsync($"Host=127.0.0.1;Port=1;Username=pulse;Password={Secret};Database=pulse");
        Assert.True(fault.IsTransient);
        Assert.Contains("'pulse' at 127.0.0.1:1", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_whom_the_server_does_not_know()
    {
        var builder = new NpgsqlConnectionStringBuilder(await postgres.CreateDatabaseAsync())
        {
            Username = "nobody",
            Password = Secret,
        };
        var fault = await RenewalFaultAsync(builder.ConnectionString);
        Assert.False(fault.IsTransient);
        Assert.Contains("user name or password", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_does_not_exist()
    {
        var builder = new NpgsqlConnectionStringBuilder(await postgres.CreateDatabaseAsync())
        {
            Database = "absent",
            Password = Secret,
        };
        var fault = await RenewalFaultAsync(builder.ConnectionString);
        Assert.False(fault.IsTransient);
        Assert.Contains("'absent'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("does not exist", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StorageKind.Postgres, $"Hots=db;Password={Secret}")]
    [InlineData(StorageKind.Postgres, $"Port=none;Host=db;Password={Secret}")]
    [InlineData(StorageKind.Postgres, $"Password={Secret}")]
    [InlineData(StorageKind.Postgres, $"{Secret}")]
    [InlineData(StorageKind.Sqlite, $"Data Sauce=x.db;Password={Secret}")]
    [InlineData(StorageKind.Sqlite, "Data Source=:memory:")]
    [InlineData(StorageKind.Sqlite, "")]
    public void A_connection_string_that_makes_no_sense(StorageKind kind, string connectionString)
    {
        var fault = Assert.Throws<StorageException>(
            () => new NodeStorage(new StorageOptions(kind, connectionString), RollupCatalog.Default));
        AssertLine(fault);
        Assert.Contains("Write it like", fault.Message.Replace("the connection string", "it", StringComparison.Ordinal),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host=db", 10)]
    [InlineData("Host=db;Command Timeout=7", 7)]
    [InlineData("Host=db;Command Timeout=0", 10)]
    [InlineData("Host=db;Command Timeout=60", 10)]
    public void Limits_are_Pulse_s_unless_the_connection_string_has_stricter_ones(string connectionString, int commandSeconds)
    {
        var address = StorageAddress.Parse(new StorageOptions(StorageKind.Postgres, connectionString));
        var driver = new NpgsqlConnectionStringBuilder(address.ConnectionString);
        Assert.Equal(commandSeconds, driver.CommandTimeout);
    }

    [Fact]
    public async Task A_directory_that_can_not_be_made()
    {
        var file = Path.GetTempFileName();
        try
        {
            var fault = await PrepareFaultAsync(Path.Combine(file, "data", "pulse.db"));
            Assert.Contains("directory can't be made", fault.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_file_that_is_no_database()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, new string('x', 4096));
            var fault = await PrepareFaultAsync(file);
            Assert.Contains("no intact SQLite database", fault.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_directory_in_the_place_of_the_file()
    {
        var directory = Directory.CreateTempSubdirectory("pulse-storage-");
        var fault = await PrepareFaultAsync(directory.FullName);
        Assert.Contains("can't be opened", fault.Message, StringComparison.Ordinal);
        directory.Delete();
    }

    private static async Task<StorageException> PrepareFaultAsync(string file)
    {
        await using var storage = new NodeStorage(
            new StorageOptions(StorageKind.Sqlite, $"Data Source={file};Pooling=False"), RollupCatalog.Default);
        return AssertLine(await Assert.ThrowsAsync<StorageException>(
            () => storage.PrepareAsync(CountingRules.Default, CancellationToken.None)));
    }

    private static async Task<StorageException> RenewalFaultAsync(string connectionString)
    {
        await using var storage = new NodeStorage(new StorageOptions(StorageKind.Postgres, connectionString), RollupCatalog.Default);
        return AssertLine(await Assert.ThrowsAsync<StorageException>(() => storage.Nodes.RenewAsync("127.0.0.1:4053", 1, CancellationToken.None)));
    }

    private static StorageException AssertLine(StorageException fault)
    {
        Assert.DoesNotContain(Secret, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
        return fault;
    }
}
