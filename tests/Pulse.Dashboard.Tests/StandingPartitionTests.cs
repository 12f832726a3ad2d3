using Microsoft.Playwright;
using Pulse.Testing.Kafka;

namespace Pulse.Dashboard.Tests;

/// <summary>What the Cluster page says of a topic's partitions, and of a broker that is away.</summary>
public sealed class StandingPartitionTests(Browser browser)
{
    private const int Partitions = 60;

    [Fact]
    public async Task Every_partition_is_listed_page_by_page_and_shown_to_stand_still_while_the_broker_is_away()
    {
        var directory = Directory.CreateTempSubdirectory("pulse-standing-").FullName;
        try
        {
            await using var kafka = await KafkaFixture.StartClusterAsync();
            var stream = await KafkaFixture.CreateStreamAsync(kafka.BootstrapServers, Partitions);
            await using var node = await Node.StartAsync(directory, Node.FreePort(), KafkaFixture.Environment(stream));
            await using var view = await browser.OpenAsync(node.Address);
            await view.GoAsync("/cluster", hasChart: false);
            var (rows, summary) = (view.Page.GetByTestId("partitions").Locator("tbody tr"), view.Page.GetByTestId("partition-summary"));
            await Assertions.Expect(view.Page.GetByTestId("lag")).ToHaveTextAsync("0");
            await Assertions.Expect(summary).ToHaveTextAsync("60 partitions, all of them go on.");
            await Assertions.Expect(rows).ToHaveCountAsync(50);
            await view.Page.GetByRole(AriaRole.Button, new() { Name = "Next" }).ClickAsync();
            await Assertions.Expect(rows).ToHaveCountAsync(10);
            await Assertions.Expect(rows.First).ToContainTextAsync("goes on");

            await kafka.Brokers[0].KillAsync();

            await Assertions.Expect(view.Page.GetByTestId("kafka-silent")).ToContainTextAsync("how far partitions are behind is unknown");
            await Assertions.Expect(view.Page.GetByTestId("lag")).ToHaveTextAsync("unknown");
            await Assertions.Expect(summary).ToHaveTextAsync("60 partitions. 60 partitions (0, 1, 2, 3, 4, 5, 6, 7 and 52 more) stand still.");
            await Assertions.Expect(rows.First).ToContainTextAsync("the broker has not answered since");
            await view.Page.GetByTestId("kafka-silent").ScrollIntoViewIfNeededAsync();
            await view.KeepPictureAsync("kafka-silent");

            await kafka.StartAsync(kafka.Brokers[0]);

            await Assertions.Expect(view.Page.GetByTestId("lag")).ToHaveTextAsync("0");
            Assert.Equal(0, await view.Page.GetByTestId("kafka-silent").CountAsync());
            Assert.Empty(view.Complaints);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
