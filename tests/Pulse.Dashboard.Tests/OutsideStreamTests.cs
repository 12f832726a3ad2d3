using System.Globalization;
using System.Text.Json;
using Confluent.Kafka;
using Microsoft.Playwright;
using Pulse.Actors.Broker;
using Pulse.Testing.Kafka;

namespace Pulse.Dashboard.Tests;

/// <summary>A node that reads somebody else's stream: nothing comes at first, and then something strange.</summary>
public sealed class OutsideStreamTests(Browser browser, KafkaFixture kafka)
{
    private const long Window = 5 * TimeSpan.TicksPerMinute;
    private static readonly DateTimeOffset Viewed = new(2026, 1, 1, 12, 34, 56, 789, TimeSpan.Zero);
    private const string Nowhere = "Atlantis <i>& Co</i>";

    [Fact]
    public async Task An_empty_page_says_what_to_do_and_a_country_without_a_shape_stands_below_the_map()
    {
        var stream = await kafka.CreateStreamAsync(partitions: 2);
        var directory = Directory.CreateTempSubdirectory("pulse-outside-").FullName;
        try
        {
            await using var node = await Node.StartAsync(directory, Node.FreePort(), KafkaFixture.Environment(stream));
            await using var view = await browser.OpenAsync(node.Address);
            await view.GoAsync("/map", hasChart: false);
            await Assertions.Expect(view.Page.GetByText("Waiting for the first event")).ToBeVisibleAsync();
            await Assertions.Expect(view.Page.GetByText(stream.Topic)).ToBeVisibleAsync();

            await ProduceAsync(stream, "Japan", Nowhere, Nowhere);

            await view.ExpectTotalAsync(3);
            await Assertions.Expect(view.Page.GetByTestId("off-the-map")).ToContainTextAsync($"{Nowhere} 2");
            Assert.Equal(2, (await view.NumbersAsync())[$"{Nowhere}|PG-13"]);
            Assert.Empty(view.Complaints);
            await view.KeepPictureAsync("off-the-map");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task Live_pages_end_with_the_window_of_now_and_name_what_has_no_time()
    {
        var stream = await kafka.CreateStreamAsync(partitions: 2);
        var directory = Directory.CreateTempSubdirectory("pulse-outside-").FullName;
        try
        {
            await using var node = await Node.StartAsync(directory, Node.FreePort(), KafkaFixture.Environment(stream));
            await using var view = await browser.OpenAsync(node.Address);
            // The later window is at least half an hour ahead: it does not begin while this test runs.
            var now = DateTimeOffset.UtcNow;
            var later = now.AddMinutes(40);
            await ProduceAsync(stream, (Event("Japan", now), now), (Event("Japan", later), later), (Event("Japan", later), later));
            await ProduceAsync(stream, ([], DateTimeOffset.FromUnixTimeMilliseconds(-1)), ([], now));

            await view.GoAsync("/");
            await view.ExpectTotalAsync(1);
            var ends = new DateTime((later.UtcTicks / Window + 1) * Window, DateTimeKind.Utc);
            await Assertions.Expect(view.Page.GetByTestId("later")).ToContainTextAsync(
                $"One later window, which ends {ends.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC");
            await view.KeepPictureAsync("later-windows");
            await view.Page.GetByRole(AriaRole.Button, new() { Name = "Live" }).ClickAsync();
            await view.ExpectTotalAsync(3);
            Assert.Equal(0, await view.Page.GetByTestId("later").CountAsync());

            await view.GoAsync("/rollups/deadLetters");
            await view.ExpectTotalAsync(2);
            await Assertions.Expect(view.Page.Locator(".period")).ToContainTextAsync("2 windows, no time and ");
            await view.KeepPictureAsync("no-time");
            await view.Page.GetByRole(AriaRole.Slider, new() { Name = "Window" }).FocusAsync();
            await view.Page.Keyboard.PressAsync("Home");
            await Assertions.Expect(view.Page.Locator(".period")).ToHaveTextAsync("The window “no time”");
            await view.ExpectTotalAsync(1);
            Assert.Empty(view.Complaints);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static Task ProduceAsync(KafkaSettings stream, params string[] countries) => ProduceAsync(
        stream, [.. countries.Select(country => (Event(country, Viewed), Viewed))]);

    private static async Task ProduceAsync(KafkaSettings stream, params (byte[] Value, DateTimeOffset Timestamp)[] records)
    {
        using var producer = new ProducerBuilder<Null, byte[]>(new ProducerConfig { BootstrapServers = stream.BootstrapServers })
            .SetLogHandler((_, _) => { })
            .Build();
        foreach (var (value, timestamp) in records)
        {
            await producer.ProduceAsync(stream.Topic, new Message<Null, byte[]>
            {
                Value = value,
                Timestamp = new Timestamp(timestamp.ToUnixTimeMilliseconds(), TimestampType.CreateTime),
            });
        }
    }

    private static byte[] Event(string country, DateTimeOffset time) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        UserAge = 36,
        UserGender = "Female",
        UserLocation = country,
        DeviceType = "Mobile",
        Genre = "Drama",
        MaturityRating = "PG-13",
        EventTimestamp = time,
    });
}
