using System.Text.Json;
using Confluent.Kafka;
using Microsoft.Playwright;
using Pulse.Actors.Ingest;
using Pulse.Testing.Kafka;

namespace Pulse.Dashboard.Tests;

/// <summary>A node that reads somebody else's stream: nothing comes at first, and then something strange.</summary>
public sealed class OutsideStreamTests(Browser browser, KafkaFixture kafka)
{
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

    private static async Task ProduceAsync(KafkaSettings stream, params string[] countries)
    {
        using var producer = new ProducerBuilder<Null, byte[]>(new ProducerConfig { BootstrapServers = stream.BootstrapServers })
            .SetLogHandler((_, _) => { })
            .Build();
        foreach (var country in countries)
        {
            var value = JsonSerializer.SerializeToUtf8Bytes(new
            {
                UserAge = 36,
                UserGender = "Female",
                UserLocation = country,
                DeviceType = "Mobile",
                Genre = "Drama",
                MaturityRating = "PG-13",
                EventTimestamp = "2026-01-01T12:34:56.789Z",
            });
            await producer.ProduceAsync(stream.Topic, new Message<Null, byte[]> { Value = value });
        }
    }
}
