using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Pulse.Host.Cli;
using Pulse.Testing;

namespace Pulse.Host.Tests.Cli;

/// <summary>What a container's health check says of a node.</summary>
public sealed class HealthCommandTests
{
    [Theory]
    [InlineData(StatusCodes.Status200OK, 0)]
    [InlineData(StatusCodes.Status503ServiceUnavailable, 1)]
    [InlineData(StatusCodes.Status302Found, 1)]
    public async Task The_exit_code_is_what_the_node_says(int status, int exitCode)
    {
        await using var node = WebApplication.CreateSlimBuilder().Build();
        node.MapGet("/health/ready", () => Results.StatusCode(status));
        node.Urls.Add("http://127.0.0.1:0");
        await node.StartAsync(TestContext.Current.CancellationToken);

        // On a busy machine the first answers may take longer than the command's patience.
        await Eventually.HoldsAsync(
            $"the exit code is {exitCode}",
            TimeSpan.FromSeconds(60),
            async () => await HostCommand.RunAsync(["health", "--url", node.Urls.Single()]) == exitCode);

        await node.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, await HostCommand.RunAsync(["health", "--url", node.Urls.Single()]));
    }

    [Theory]
    [InlineData("127.0.0.1:8080")]
    [InlineData("ftp://127.0.0.1")]
    public async Task What_is_no_address_is_wrong_usage(string url) =>
        Assert.Equal(2, await HostCommand.RunAsync(["health", "--url", url]));
}
