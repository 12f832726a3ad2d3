using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Pulse.Host.Api;
using Pulse.Host.Cli;
using Pulse.Testing;

namespace Pulse.Host.Tests.Cli;

/// <summary>What the exit code of <c>status</c> says.</summary>
public sealed class StatusCommandTests
{
    private const string Key = "a key of thirty-two characters..";

    public static TheoryData<int, string, int> Answers => new()
    {
        { StatusCodes.Status200OK, Json(lag: 3, standing: null), 0 },
        { StatusCodes.Status200OK, Json(lag: 3, standing: "no leader"), 1 },
        { StatusCodes.Status200OK, Json(lag: null, standing: null), 1 },
        { StatusCodes.Status200OK, "{}", 3 },
        { StatusCodes.Status200OK, "null", 3 },
        { StatusCodes.Status200OK, "<html>", 3 },
        { StatusCodes.Status302Found, "", 3 },
        { StatusCodes.Status404NotFound, "", 3 },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task The_exit_code_is_what_the_node_says(int status, string body, int exitCode)
    {
        await using var node = await NodeAsync(_ => Results.Text(body, "application/json", statusCode: status));

        await Eventually.HoldsAsync(
            $"the exit code is {exitCode}",
            TimeSpan.FromSeconds(60),
            async () => await HostCommand.RunAsync(["status", "--url", node.Urls.Single()]) == exitCode);

        await node.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(3, await HostCommand.RunAsync(["status", "--url", node.Urls.Single()]));
    }

    [Theory]
    [InlineData(Key, 0)]
    [InlineData("another key, as long as that one", 2)]
    [InlineData(null, 2)]
    public async Task A_node_that_wants_a_key_is_given_it(string? key, int exitCode)
    {
        await using var node = await NodeAsync(context => context.Request.Headers["X-Api-Key"] == Key
            ? Results.Text(Json(lag: 0, standing: null), "application/json")
            : Results.StatusCode(StatusCodes.Status401Unauthorized));
        string[] arguments = ["status", "--json", "--url", node.Urls.Single(), .. key is null ? [] : (string[])["--api-key", key]];

        await Eventually.HoldsAsync(
            $"the exit code is {exitCode}", TimeSpan.FromSeconds(60), async () => await HostCommand.RunAsync(arguments) == exitCode);
    }

    [Fact]
    public async Task An_answer_in_a_character_set_that_there_is_not_can_t_be_read()
    {
        await using var node = await NodeAsync(_ => Results.Bytes("{}"u8.ToArray(), "application/json; charset=x-none"));

        await Eventually.HoldsAsync(
            "the exit code is 3", TimeSpan.FromSeconds(60), async () => await HostCommand.RunAsync(["status", "--url", node.Urls.Single()]) == 3);
    }

    [Fact]
    public async Task What_is_no_address_is_wrong_usage() =>
        Assert.Equal(2, await HostCommand.RunAsync(["status", "--url", "127.0.0.1:8080"]));

    private static async Task<WebApplication> NodeAsync(Func<HttpContext, IResult> answer)
    {
        var node = WebApplication.CreateSlimBuilder().Build();
        node.MapGet("/api/status", answer);
        node.Urls.Add("http://127.0.0.1:0");
        await node.StartAsync(TestContext.Current.CancellationToken);
        return node;
    }

    private static string Json(long? lag, string? standing) => JsonSerializer.Serialize(
        new NodeStatus(
            "127.0.0.1:4053", 0, 0, lag, 0, null, "cluster/topic/id", null, null,
            [new NodePartition(0, true, "127.0.0.1:4053", standing is null, 5, 2, 0, 5, lag, standing, null)],
            standing is null ? 0 : 1, 49, 64, 0, null, true, null, [], null, [], null, null, [new NodeMember("127.0.0.1:4053", "Up")], [], null),
        JsonSerializerOptions.Web);
}
