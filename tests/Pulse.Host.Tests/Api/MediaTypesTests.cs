using Pulse.Host.Api;

namespace Pulse.Host.Tests.Api;

/// <summary>Which media type a client gets.</summary>
public sealed class MediaTypesTests
{
    [Theory]
    [InlineData(null, MediaTypes.Json)]
    [InlineData("", MediaTypes.Json)]
    [InlineData("garbage", MediaTypes.Json)]
    [InlineData("*/*", MediaTypes.Json)]
    [InlineData("text/html, application/xhtml+xml, */*;q=0.8", MediaTypes.Json)]
    [InlineData("text/csv", MediaTypes.Csv)]
    [InlineData("TEXT/CSV", MediaTypes.Csv)]
    [InlineData("text/*", MediaTypes.Csv)]
    [InlineData("garbage, text/csv", MediaTypes.Csv)]
    [InlineData("text/csv, application/json", MediaTypes.Csv)]
    [InlineData("text/csv;q=0.5, application/json", MediaTypes.Json)]
    [InlineData("application/json;q=0.1, text/csv;q=0.2, */*", MediaTypes.Csv)]
    [InlineData("application/json;q=0, */*", MediaTypes.Csv)]
    [InlineData("image/png", null)]
    [InlineData("text/event-stream", null)]
    [InlineData("*/*;q=0", null)]
    public void The_narrowest_range_speaks_for_a_type(string? accept, string? chosen) =>
        Assert.Equal(chosen, MediaTypes.Choose(accept, MediaTypes.Json, MediaTypes.Csv));
}
