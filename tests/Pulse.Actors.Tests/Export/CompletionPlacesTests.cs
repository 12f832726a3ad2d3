using Pulse.Actors.Coordination;
using Pulse.Actors.Ingest;

namespace Pulse.Actors.Tests.Export;

/// <summary>Where the completion topic is read on.</summary>
public sealed class CompletionPlacesTests
{
    [Fact]
    public void Reading_goes_on_after_what_was_accepted_last_and_begins_at_the_start_of_every_other_partition()
    {
        var places = new CompletionPlaces([new CompletionId("now", 0, 7), new CompletionId("before", 1, 9)], _ => false);

        Assert.Equal((8, 0, 0), (places["now", 0], places["now", 1], places["made again", 0]));
    }

    [Fact]
    public void Records_that_are_handled_are_passed()
    {
        var places = new CompletionPlaces([], _ => false);

        places.Handled(new CompletionId("now", 2, 4));

        Assert.Equal((5, 0), (places["now", 2], places["made again", 2]));
    }

    [Fact]
    public void What_a_version_before_named_by_the_events_is_a_place_in_the_topic_that_is_there_first()
    {
        var places = new CompletionPlaces(
            [new CompletionId("older events", 0, 20), new CompletionId("events", 0, 7)], stream => stream.EndsWith("events", StringComparison.Ordinal));

        Assert.Equal((8, 0), (places["now", 0], places["now", 1]));
        Assert.Equal(0, places["made again", 0]);
    }
}
