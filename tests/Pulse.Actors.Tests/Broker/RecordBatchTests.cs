using System.Text;
using Pulse.Actors.Broker;

namespace Pulse.Actors.Tests.Broker;

public sealed class RecordBatchTests
{
    [Fact]
    public void Records_are_kept_as_they_were_however_many_there_are()
    {
        var random = new Random(3);
        using var batch = new RecordBatch(4, 10);
        var records = new List<(long Offset, int Epoch, long Time, byte[] Key, byte[] Value)>();
        var size = 0;
        for (var index = 0; index < 3_000; index++)
        {
            var key = new byte[random.Next(3)];
            var value = new byte[random.Next(index == 1_000 ? 200_000 : 300)];
            random.NextBytes(key);
            random.NextBytes(value);
            records.Add((10 + (index * 2), (index / 100) - 1, index, key, value));
            batch.Add(10 + (index * 2), (index / 100) - 1, index, key, value);
            size += key.Length + value.Length;
        }

        Assert.Equal(4, batch.Reading);
        Assert.Equal(3_000, batch.Count);
        Assert.Equal(size, batch.SizeInBytes);
        Assert.Equal(10 + (2 * 2_999) + 1, batch.NextOffset);
        for (var index = 0; index < records.Count; index++)
        {
            Assert.Equal(records[index].Offset, batch.Offset(index));
            Assert.Equal(records[index].Epoch, batch.Epoch(index));
            Assert.Equal(records[index].Time, batch.UnixMilliseconds(index));
            Assert.Equal(records[index].Key, batch.Key(index));
            Assert.Equal(records[index].Value, batch.Value(index));
        }
    }

    [Fact]
    public void The_end_of_a_partition_only_ever_leads_forward()
    {
        using var batch = new RecordBatch(0, 3);
        Assert.Equal((3, 3), (batch.Start, batch.NextOffset));
        batch.ReachedEnd(5);
        Assert.Equal(5, batch.NextOffset);
        batch.Add(7, 0, -1, [], Encoding.UTF8.GetBytes("value"));
        batch.ReachedEnd(6);
        Assert.Equal(8, batch.NextOffset);
        batch.ReachedEnd(9);
        Assert.Equal((3, 9), (batch.Start, batch.NextOffset));
        Assert.Equal(1, batch.Count);
    }

    [Fact]
    public void A_batch_can_be_given_back_twice()
    {
        var batch = new RecordBatch(0, 1);
        batch.Add(1, 0, -1, [1], [2]);
        batch.Dispose();
        batch.Dispose();
        Assert.Equal(0, batch.Count);
    }
}
