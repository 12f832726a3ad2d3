using CsCheck;
using Pulse.Actors.Ingest.Sinks;

namespace Pulse.Actors.Tests.Ingest.Sinks;

public sealed class SinkBacklogTests
{
    [Fact]
    public void Over_records_that_are_well_it_moves_without_reading()
    {
        var backlog = new SinkBacklog(stored: 100);

        backlog.Handled(100, 250, []);

        Assert.Equal(250, backlog.Position);
        Assert.Null(backlog.Next);
    }

    [Fact]
    public void It_reads_from_the_first_bad_record_to_the_last_and_waits_there()
    {
        var backlog = new SinkBacklog(stored: 0);

        backlog.Handled(0, 100, [10, 40]);

        Assert.Equal(10, backlog.Position);
        Assert.Equal(new SinkRange(10, 41, 2), backlog.Next);
        backlog.Sent(30, 1);
        Assert.Equal((30, (long?)1L), (backlog.Position, backlog.Waiting));
        backlog.Sent(41, 1);
        Assert.Equal((100, (long?)0L), (backlog.Position, backlog.Waiting));
        Assert.Null(backlog.Next);
    }

    [Fact]
    public void What_nobody_told_of_since_the_stored_position_it_reads()
    {
        var backlog = new SinkBacklog(stored: 20);

        backlog.Handled(70, 90, []);

        Assert.Equal(new SinkRange(20, 70, null), backlog.Next);
        Assert.Null(backlog.Waiting);
        backlog.Sent(70, 3);
        Assert.Equal((90, (long?)0L), (backlog.Position, backlog.Waiting));
    }

    [Fact]
    public void How_many_wait_is_unknown_until_all_was_looked_through()
    {
        var backlog = new SinkBacklog(stored: 20);
        backlog.Handled(70, 9_000, [80, 8_000]);

        backlog.Sent(60, 0);

        Assert.Null(backlog.Waiting);
        backlog.Sent(81, 1);
        Assert.Equal((8_000, (long?)1L), (backlog.Position, backlog.Waiting));
    }

    [Fact]
    public void What_a_session_reads_again_is_not_sent_again()
    {
        var backlog = new SinkBacklog(stored: 50);

        backlog.Handled(0, 60, [3, 49, 55]);
        backlog.Sent(56, 1);
        backlog.Handled(10, 58, [49, 55]);

        Assert.Equal(60, backlog.Position);
        Assert.Null(backlog.Next);
    }

    [Fact]
    public void A_range_that_grows_while_it_is_read_is_read_on_from_there()
    {
        var backlog = new SinkBacklog(stored: 0);
        backlog.Handled(0, 10, [5]);
        backlog.Handled(10, 20, [15]);

        backlog.Sent(6, 1);

        Assert.Equal(new SinkRange(6, 16, 1), backlog.Next);
    }

    [Fact]
    public void While_nothing_can_be_sent_memory_is_bounded()
    {
        var backlog = new SinkBacklog(stored: 0);

        for (var offset = 0L; offset < 100_000_000; offset += 10_000)
            backlog.Handled(offset, offset + 10_000, [offset + 1]);

        Assert.Equal(SinkBacklog.MaximumRanges, backlog.Ranges);
        Assert.Equal((1, (long?)10_000L), (backlog.Position, backlog.Waiting));
    }

    /// <summary>
    /// Any history of a partition: sessions that begin anywhere at or below what is stored, batches, a sink that sends bit by
    /// bit and stores at times, deaths of either; and little room, so that ranges merge.
    /// </summary>
    [Fact]
    public void Every_bad_record_is_sent_at_least_once_and_without_deaths_of_the_sink_exactly_once() =>
        Gen.Select(Gen.Long, Gen.Bool, Gen.Int[1, 4], Gen.Int[0, 12], Gen.Int[0, 60]).Sample(
            (seed, sinkDies, ranges, near, percentBad) =>
                new History(new Random((int)seed), sinkDies, ranges, near, percentBad).Run(),
            iter: 3_000);

    private sealed class History(Random random, bool sinkDies, int ranges, int near, int percentBad)
    {
        private readonly HashSet<long> _bad = [];
        private readonly Dictionary<long, int> _sent = [];
        private SinkBacklog _backlog = new(0, ranges, near);
        private long _stored;
        private long _end;
        private long _session;

        public void Run()
        {
            for (var step = 0; step < 100; step++)
            {
                switch (random.Next(10))
                {
                    case < 4:
                        Tell(random.Next(12));
                        break;
                    case < 7:
                        Send(random.Next(1, 10));
                        break;
                    case 7:
                        _stored = _backlog.Position;
                        break;
                    case 8:
                        // Another session, which begins anywhere; other nodes may have come further meanwhile.
                        GrowTo(_end + random.Next(5));
                        _session = random.NextInt64(_end + 1);
                        break;
                    default:
                        if (sinkDies)
                            _backlog = new SinkBacklog(_stored, ranges, near);
                        break;
                }

                Assert.True(_backlog.Ranges <= ranges, $"{_backlog.Ranges} ranges are kept.");
                Assert.True(_backlog.Waiting is not { } waiting || waiting <= _bad.Count, $"{_backlog.Waiting} wait of {_bad.Count}.");
                Assert.DoesNotContain(_bad, offset => offset < _backlog.Position && !_sent.ContainsKey(offset));
            }

            Tell(0);
            while (_backlog.Next is not null)
                Send(int.MaxValue);

            Assert.Equal(_end, _backlog.Position);
            Assert.Equal(_bad.Order(), _sent.Keys.Order());
            Assert.Equal(0, _backlog.Waiting);
            if (!sinkDies)
                Assert.All(_sent.Values, times => Assert.Equal(1, times));
        }

        private void Tell(int records)
        {
            if (records == 0)
                _session = _end;
            var from = _session;
            _session = from + records;
            GrowTo(_session);
            _backlog.Handled(from, _session, [.. _bad.Where(offset => offset >= from && offset < _session).Order()]);
        }

        private void GrowTo(long end)
        {
            for (; _end < end; _end++)
            {
                if (random.Next(100) < percentBad)
                    _bad.Add(_end);
            }
        }

        private void Send(int records)
        {
            if (_backlog.Next is not { } range)
                return;
            var to = Math.Min(range.To, range.From + Math.Min(records, range.To - range.From));
            List<long> found = [.. _bad.Where(offset => offset >= range.From && offset < to).Order()];
            foreach (var offset in found)
                _sent[offset] = _sent.GetValueOrDefault(offset) + 1;
            _backlog.Sent(to, found.Count);
        }
    }
}
