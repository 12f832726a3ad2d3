namespace Pulse.Simulator.Tests;

public sealed class SimulatorOptionsTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<string, SimulatorOptions> Mistakes => new()
    {
        { "--bootstrap-servers", new() { BootstrapServers = " " } },
        { "--topic", new() { Topic = "no spaces" } },
        { "--completion-topic", new() { CompletionTopic = "" } },
        { "--completion-topic", new() { CompletionTopic = "netflix-event" } },
        { "--events", new() { Events = -1 } },
        { "--duration", new() { Duration = TimeSpan.Zero } },
        { "--rate", new() { Rate = -1 } },
        { "--rate", new() { Rate = double.NaN } },
        { "--rate", new() { Rate = double.PositiveInfinity } },
        { "--speed-up", new() { SpeedUp = -0.5 } },
        { "--skew", new() { Skew = 11 } },
        { "--late", new() { Late = 1.01 } },
        { "--bad", new() { Bad = -0.01 } },
        { "--out-of-order", new() { OutOfOrder = TimeSpan.FromHours(13) } },
        { "--start", new() { Start = new DateTimeOffset(1969, 12, 31, 0, 0, 0, TimeSpan.Zero) } },
        { "--start and --speed-up", new() { Start = Now.AddDays(2) } },
        { "--start and --speed-up", new() { Start = Now.AddMinutes(60) } },
        { "--start and --speed-up", new() { Start = Now, Events = 10_000, SpeedUp = 1_000 } },
        { "--start and --speed-up", new() { Start = Now, Events = 100_000_000, Rate = 0 } },
        { "--start", new() { Start = Now.AddMinutes(1), Endless = true } },
        { "--speed-up", new() { Events = 1_000_000_000, SpeedUp = 1_000 } },
        { "--endless", new() { Endless = true, Events = 1 } },
        { "--endless", new() { Endless = true, Duration = TimeSpan.FromHours(1) } },
        { "--fast-clock", new() { FastClock = 1.01 } },
    };

    public static TheoryData<SimulatorOptions> Allowed =>
    [
        new SimulatorOptions { Start = Now.AddMinutes(59), Events = 1 },
        new SimulatorOptions { Start = Now.AddDays(-1), Events = 10_000, Rate = 5, SpeedUp = 40 },
        new SimulatorOptions { Events = 10_000, SpeedUp = 1_000 },
        new SimulatorOptions { Events = 100_000_000, Rate = 0 },
        new SimulatorOptions { Endless = true, SpeedUp = 1_000_000, Rate = SimulatorOptions.MaximumRate },
        new SimulatorOptions { Endless = true, Start = SimulatorOptions.EarliestStart },
        new SimulatorOptions { Late = 1, Bad = 1, FastClock = 1, OutOfOrder = SimulatorOptions.LongestOutOfOrder },
    ];

    [Theory]
    [MemberData(nameof(Allowed))]
    public void What_makes_sense_is_allowed(SimulatorOptions options) => Assert.Empty(options.Validate(Now));

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Each_mistake_names_its_option(string option, SimulatorOptions options) =>
        Assert.StartsWith(option + ":", Assert.Single(options.Validate(Now)), StringComparison.Ordinal);

    [Fact]
    public void The_defaults_are_the_seeds_and_valid()
    {
        var options = new SimulatorOptions();
        Assert.Empty(options.Validate(Now));
        Assert.Equal(1_550, options.TotalRecords);
        Assert.Equal(5, options.Rate);
    }

    [Theory]
    [InlineData(null, 10, 50.0, 500)]
    [InlineData(100L, 10, 50.0, 100)]
    [InlineData(1_000L, 10, 50.0, 500)]
    [InlineData(1_000L, 10, 0.0, 1_000)]
    public void A_duration_bounds_the_count(long? events, int seconds, double rate, long total) => Assert.Equal(
        total,
        new SimulatorOptions { Events = events, Duration = TimeSpan.FromSeconds(seconds), Rate = rate }.TotalRecords);

    [Fact]
    public void A_duration_without_a_rate_has_no_count() =>
        Assert.Null(new SimulatorOptions { Duration = TimeSpan.FromSeconds(1), Rate = 0 }.TotalRecords);

    [Theory]
    [InlineData("2m", 120_000)]
    [InlineData("30s", 30_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("500ms", 500)]
    [InlineData("1.5s", 1_500)]
    [InlineData("1d2h3m4s5ms", 93_784_005)]
    [InlineData("00:02:30", 150_000)]
    [InlineData("0", 0)]
    public void Durations_are_read(string text, double milliseconds)
    {
        Assert.True(DurationText.TryParse(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("m")]
    [InlineData("-2m")]
    [InlineData("2 m")]
    [InlineData("2x")]
    [InlineData("30s2m")]
    [InlineData("2m2m")]
    [InlineData("1.2.3s")]
    [InlineData("99999999999999999999d")]
    [InlineData("1:2")]
    public void Other_texts_are_no_durations(string? text) => Assert.False(DurationText.TryParse(text, out _));
}
