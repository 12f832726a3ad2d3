using System.Text.Json;
using Pulse.Actors.Live;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Host.Dashboard;

namespace Pulse.Host.Tests.Dashboard;

/// <summary>How pages write windows.</summary>
public sealed class WindowTextTests
{
    private static readonly TimeSpan Length = Window.DefaultLength;

    [Theory]
    [InlineData("No window")]
    [InlineData("The window “no time”", "1970-01-01 00:05")]
    [InlineData("The window that ends 1970-01-01 00:10 UTC", "1970-01-01 00:10")]
    [InlineData("2 windows, no time and 2026-06-01 12:05 UTC", "1970-01-01 00:05", "2026-06-01 12:05")]
    [InlineData(
        "3 windows, no time and 2026-06-01 12:05 to 12:15 UTC", "1970-01-01 00:05", "2026-06-01 12:05", "2026-06-01 12:15")]
    [InlineData("2 windows, 2026-06-01 12:05 to 2026-06-02 00:00 UTC", "2026-06-01 12:05", "2026-06-02 00:00")]
    public void The_first_window_of_all_has_a_name_in_place_of_a_time(string text, params string[] ends) =>
        Assert.Equal(text, WindowText.Period(Windows(ends), Length));

    [Fact]
    public void Which_window_is_the_first_follows_from_the_length()
    {
        Assert.Equal("The window “no time”", WindowText.Period(Windows("1970-01-01 01:00"), TimeSpan.FromHours(1)));
        Assert.Equal("The window that ends 1970-01-01 01:00 UTC", WindowText.Period(Windows("1970-01-01 01:00"), Length));
    }

    [Fact]
    public void The_time_line_names_it_too()
    {
        var answer = new RollupAnswer(RollupCatalog.BuiltIn[0], [], Windows("1970-01-01 00:05", "2026-06-01 12:05"), [], 2, 0, true, 1);
        var json = JsonElement.Parse(ChartData.TimeLine(answer, null, WindowText.First(Length)));

        Assert.Equal(300, json.GetProperty("noTime").GetInt64());
        Assert.Equal(json.GetProperty("noTime").GetInt64(), json.GetProperty("ends")[0].GetInt64());
    }

    [Theory]
    [InlineData(null)]
    [InlineData(
        "One later window, which ends 2026-06-01 12:05 UTC, has not begun by this node's clock. Choose its date to see it.",
        "2026-06-01 12:05")]
    [InlineData(
        "2 later windows, the last of which ends 2026-07-01 00:00 UTC, have not begun by this node's clock. Choose their dates to see them.",
        "2026-06-01 12:05", "2026-07-01 00:00")]
    public void A_note_says_that_there_are_later_windows(string? text, params string[] ends) =>
        Assert.Equal(text, WindowText.Later(Windows(ends)));

    private static IReadOnlyList<WindowTotal> Windows(params string[] ends) =>
    [
        .. ends.Select(end => new WindowTotal(
            Window.EndingAt(DateTime.ParseExact(
                end,
                "yyyy-MM-dd HH:mm",
                null,
                System.Globalization.DateTimeStyles.AssumeUniversal | System.Globalization.DateTimeStyles.AdjustToUniversal)),
            1)),
    ];
}
