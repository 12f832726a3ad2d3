using System.Text;
using Pulse.Actors.Buckets;
using Pulse.Actors.Live;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Host.Api;

namespace Pulse.Host.Tests.Api;

/// <summary>What is in a body, whatever the values are.</summary>
public sealed class RollupBodyTests
{
    private static readonly Rollup ByDeviceGenre = RollupCatalog.BuiltIn[0];

    [Theory]
    [InlineData("Drama", "Drama")]
    [InlineData("1=2", "1=2")]
    [InlineData("=1+2", "'=1+2")]
    [InlineData("=HYPERLINK(\"http://evil.example\",\"here\")", "'=HYPERLINK(\"http://evil.example\",\"here\")")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\t=1", "'\t=1")]
    [InlineData("\r=1", "'\r=1")]
    public void A_value_that_a_spreadsheet_would_run_is_text_in_CSV(string value, string cell)
    {
        var key = new RollupKey(value, "x");
        var answer = new RollupAnswer(ByDeviceGenre, [new KeyTotal(key, 5)], [], [], Total: 5, Other: 0, IsExactPerKey: true, Version: 1);
        var request = new RollupRequest(new RollupQuery(ByDeviceGenre), RollupLayout.Key, Top: 10, Page: 1, Format: null);

        var rows = Csv.Rows(Encoding.UTF8.GetString(RollupBody.Csv(answer, request)));

        Assert.Equal([cell, "x", "5"], rows[1]);
    }
}
