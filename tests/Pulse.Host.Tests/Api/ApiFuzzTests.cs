using System.Net;
using System.Text.Json;
using CsCheck;

namespace Pulse.Host.Tests.Api;

/// <summary>Whatever is asked: an answer or a clear refusal, never an error of the server.</summary>
public sealed class ApiFuzzTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private static readonly string[] Paths =
    [
        "/api/rollups", "/api/rollups/viewsByDeviceGenre", "/api/rollups/VIEWSBYLOCATIONMR", "/api/rollups/deadLetters",
        "/api/rollups/%01", "/api/rollups/a%2Fb", "/api/cluster", "/api/nothing/at/all", "/api",
    ];

    private static readonly string[] Names =
        ["from", "to", "date", "hour", "min", "newest", "by", "top", "page", "format", "device_type", "genre", "reason", "", "x"];

    private static readonly string[] Values =
    [
        "2026-01-31", "2026-01-31T23:40:00Z", "0001-01-01", "9999-12-31T23:59:59.9999999Z", "9998-12-31", "1970-01-01", "0", "1", "-1",
        "23", "59", "2147483647", "2147483648", "99999999999999999999", "key", "window", "cell", "csv", "json", "Mobile", "",
        ",", "1,2,,3", "%00", "%ff%fe", "%F0%9F%98%80", "NaN", "+1", "1e3", "０", "'; drop table x; --", "<script>",
    ];

    private static readonly Gen<string> Value = Gen.OneOf(
        OneOf(Values),
        OneOf(Values),
        Gen.String[0, 30].Select(text => Uri.EscapeDataString(new string([.. text.Where(unit => !char.IsSurrogate(unit))]))));

    private static readonly Gen<string> Request = Gen.Select(
        OneOf(Paths),
        Gen.Select(OneOf(Names), Value).Array[0, 5],
        (path, parameters) => $"{path}?{string.Join('&', parameters.Select(parameter => $"{parameter.Item1}={parameter.Item2}"))}");

    private static Gen<string> OneOf(string[] texts) => Gen.Int[0, texts.Length - 1].Select(index => texts[index]);

    [Fact]
    public async Task No_question_is_a_server_error() => await Request.SampleAsync(
        async request =>
        {
            using var response = await api.Client.GetAsync(request, TestContext.Current.CancellationToken);
            var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

            Assert.True((int)response.StatusCode < 500, $"{request}: {response.StatusCode} {body}");
            if (response.StatusCode != HttpStatusCode.BadRequest || body.Length == 0)
                return;
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            using var problem = JsonDocument.Parse(body);
            Assert.True(problem.RootElement.TryGetProperty("parameter", out _), $"{request}: {body}");
        },
        iter: 3_000,
        threads: 2);
}
