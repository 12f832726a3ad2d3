using Pulse.Actors.Storage;

namespace Pulse.Actors.Tests.Storage;

public sealed class StorageAvailabilityTests
{
    private readonly Clock _clock = new();
    private readonly StorageAvailability _availability;

    public StorageAvailabilityTests() => _availability = new StorageAvailability(_clock);

    [Fact]
    public void An_outage_that_both_see_begins_once_and_ends_when_neither_has_a_problem()
    {
        Assert.True(_availability.IsAvailable);
        _clock.Seconds = 10;
        Assert.True(_availability.Failed(StorageActivity.Renewing, "no answer"));
        _clock.Seconds = 12;
        Assert.False(_availability.Failed(StorageActivity.Writing, "no write"));
        Assert.Equal("no write", _availability.Problem);
        Assert.Equal(_clock.At(10), _availability.Since);

        _clock.Seconds = 15;
        Assert.Null(_availability.Succeeded(StorageActivity.Renewing));
        Assert.False(_availability.IsAvailable);
        Assert.Equal(TimeSpan.FromSeconds(5), _availability.Succeeded(StorageActivity.Writing));
        Assert.True(_availability.IsAvailable);
        Assert.Equal(_clock.At(15), _availability.Since);
    }

    [Fact]
    public void A_database_that_answers_pings_and_refuses_writes_is_one_outage()
    {
        Assert.True(_availability.Failed(StorageActivity.Writing, "disk full"));
        for (var second = 0; second < 5; second++)
        {
            Assert.Null(_availability.Succeeded(StorageActivity.Renewing));
            Assert.False(_availability.Failed(StorageActivity.Writing, "disk full"));
        }

        Assert.False(_availability.IsAvailable);
    }

    [Fact]
    public void Success_without_an_outage_ends_none() =>
        Assert.Null(_availability.Succeeded(StorageActivity.Writing));

    private sealed class Clock : TimeProvider
    {
        public int Seconds { get; set; }

        public DateTimeOffset At(int seconds) => DateTimeOffset.UnixEpoch.AddSeconds(seconds);

        public override DateTimeOffset GetUtcNow() => At(Seconds);
    }
}
