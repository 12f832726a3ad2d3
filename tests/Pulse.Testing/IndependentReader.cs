using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Confluent.Kafka;

namespace Pulse.Testing;

/// <summary>
/// The judge of tests on a real broker: reads a topic from beginning to end and says which rows the tables must hold. It follows
/// <c>docs/events.md</c> and nothing else: no code of Pulse, no cleverness, no speed.
/// </summary>
public sealed partial class IndependentReader
{
    private static readonly string[] Tables = ["viewsByDeviceGenreAggregation", "viewsByGenderAgeGroupAggregation", "viewsByLocationMRAggregation"];

    /// <summary>By table, values and the window's end in UTC: how many events there are. Rows of 0 are absent.</summary>
    public Dictionary<(string Table, string First, string Second, DateTimeOffset WindowEnd), long> Rows { get; } = [];

    /// <summary>By reason: how many records are no events.</summary>
    public SortedDictionary<string, long> DeadLetters { get; } = new(StringComparer.Ordinal);

    /// <summary>How many records there are; records of aborted transactions are none.</summary>
    public long Records { get; private set; }

    /// <summary>Reads every record that is in the topic now.</summary>
    public static IndependentReader Read(string bootstrapServers, string topic, int partitions)
    {
        var settings = new ConsumerConfig { BootstrapServers = bootstrapServers, GroupId = "independent-reader", EnableAutoCommit = false };
        (settings.EnablePartitionEof, settings.IsolationLevel) = (true, IsolationLevel.ReadCommitted);
        using var consumer = new ConsumerBuilder<Ignore, byte[]>(settings).SetLogHandler((_, _) => { }).Build();
        var read = new IndependentReader();
        consumer.Assign(Enumerable.Range(0, partitions).Select(number => new TopicPartitionOffset(topic, number, Offset.Beginning)));
        for (var ended = new HashSet<int>(); ended.Count < partitions;)
        {
            var record = consumer.Consume(TimeSpan.FromSeconds(30)) ?? throw new TimeoutException($"'{topic}' has no end.");
            if (!record.IsPartitionEOF)
                read.Count(record.Message.Value ?? [], record.Message.Timestamp.UnixTimestampMs);
            else
                ended.Add(record.Partition.Value);
        }
        return read;
    }

    /// <summary>Counts one record.</summary>
    public void Count(byte[] value, long kafkaMilliseconds)
    {
        Records++;
        try
        {
            var root = value.Length == 0 ? throw new FormatException("Empty") : JsonDocument.Parse(value).RootElement;
            JsonElement Field(string name) => root.ValueKind != JsonValueKind.Object ? throw new FormatException("NotAnObject")
                : root.TryGetProperty(name, out var field) ? field : throw new FormatException("MissingField");
            string[] values = [Text(Field("DeviceType")), Text(Field("Genre")), Text(Field("UserGender")), AgeGroup(Field("UserAge")),
                Text(Field("UserLocation")), Text(Field("MaturityRating"))];
            var windowsBefore = decimal.Floor(Time(Field("EventTimestamp"), kafkaMilliseconds).ToUnixTimeMilliseconds() / 300_000m);
            var end = DateTimeOffset.UnixEpoch.AddMinutes(5 * ((double)windowsBefore + 1));
            foreach (var row in Tables.Select((table, index) => (table, values[2 * index], values[(2 * index) + 1], end)))
                Rows[row] = Rows.GetValueOrDefault(row) + 1;
        }
        catch (Exception bad) when (bad is FormatException or JsonException)
        {
            var reason = bad is JsonException ? "NotJson" : bad.Message;
            DeadLetters[reason] = DeadLetters.GetValueOrDefault(reason) + 1;
        }
    }

    private static string String(JsonElement field, string invalid)
    {
        try { return field.ValueKind == JsonValueKind.String ? field.GetString()! : throw new FormatException("WrongType"); }
        catch (InvalidOperationException) { throw new FormatException(invalid); }
    }

    private static string Text(JsonElement field) => String(field, "InvalidText") switch
    {
        "" => throw new FormatException("EmptyText"),
        var text when Encoding.UTF8.GetByteCount(text) > 256 => throw new FormatException("TextTooLong"),
        var text when text.Any(character => character is < ' ' or '\u007f') => throw new FormatException("InvalidText"),
        var text => text,
    };

    private static string AgeGroup(JsonElement field) => field.ValueKind != JsonValueKind.Number ? throw new FormatException("WrongType")
        : decimal.TryParse(field.GetRawText(), NumberStyles.None, CultureInfo.InvariantCulture, out var age) && age <= 150
            ? FormattableString.Invariant($"{age - (age % 10)}-{age - (age % 10) + 9}") : throw new FormatException("NumberOutOfRange");

    private static DateTimeOffset Time(JsonElement field, long kafkaMilliseconds)
    {
        if (Spelling().Match(String(field, "InvalidTimestamp")) is not { Success: true } text || !DateTimeOffset.TryParseExact(
                $"{text.Groups[1]} {text.Groups[2]} {(text.Groups[4].Success ? $"{text.Groups[4]}:{text.Groups[5].Value.PadLeft(2, '0')}" : "+00:00")}",
                "yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
            throw new FormatException("InvalidTimestamp");
        time = time.AddMilliseconds(int.Parse(text.Groups[3].Value.PadRight(3, '0')[..3], CultureInfo.InvariantCulture));
        return time.UtcDateTime.Year < 2000 ? throw new FormatException("TimestampTooOld")
            : kafkaMilliseconds >= 0 && time.ToUnixTimeMilliseconds() > kafkaMilliseconds + 86_400_000m
                ? throw new FormatException("TimestampInFuture") : time;
    }

    [GeneratedRegex(@"^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(?:[Zz]|([+-]\d\d)(?::?(\d\d))?)?\z", RegexOptions.ECMAScript)]
    private static partial Regex Spelling();
}
