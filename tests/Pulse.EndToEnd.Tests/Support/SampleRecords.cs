using System.Text;
using Confluent.Kafka;
using Pulse.Simulator;
using Pulse.Simulator.Generation;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>Records for a topic of events.</summary>
internal static class SampleRecords
{
    /// <summary>Good events of now.</summary>
    public static IReadOnlyList<Message<byte[], byte[]>> Events(int count, long seed = 11)
    {
        var options = new SimulatorOptions { Events = count, Rate = EventFlow.Rate, Seed = seed, Start = DateTimeOffset.UtcNow.AddMinutes(-10) };
        var generator = new EventGenerator(options, DateTimeOffset.UtcNow);
        var records = new List<Message<byte[], byte[]>>();
        for (var number = 0; number < count; number++)
        {
            generator.Next();
            records.Add(new Message<byte[], byte[]> { Key = generator.Key, Value = generator.Value.ToArray() });
        }

        return records;
    }

    /// <summary>A good event.</summary>
    /// <param name="time">Its time.</param>
    /// <param name="filler">A field that nobody asks for.</param>
    public static byte[] Event(DateTimeOffset time, string filler = "") => Encoding.UTF8.GetBytes(
        "{\"DeviceType\":\"Mobile\",\"Genre\":\"Drama\",\"UserGender\":\"Female\",\"UserAge\":36,\"UserLocation\":\"Norway\","
        + $"\"MaturityRating\":\"PG\",\"EventTimestamp\":\"{time:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}\",\"Filler\":\"{filler}\"}}");
}
