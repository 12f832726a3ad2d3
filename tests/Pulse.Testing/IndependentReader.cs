using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Confluent.Kafka;

namespace Pulse.Testing;

/// <summary>Reads a topic and says which rows the tables must hold, by <c>docs/events.md</c> alone: no code of Pulse, no cleverness.</summary>
public sealed partial class IndependentReader
{
    private const long EndOfTheYear9000 = 221_876_928_000_000;
    private const long DefaultMaximumSkew = 300_000;

    private static readonly string[] Tables = ["viewsByDeviceGenreAggregation", "viewsByGenderAgeGroupAggregation", "viewsByLocationMRAggregation"];

    /// <summary>By table, values and the window's end in Unix seconds: how many events there are. Rows of 0 are absent.</summary>
    public Dictionary<(string Table, string First, string Second, decimal WindowEnd), long> Rows { get; } = [];

    /// <summary>By reason: how many records are no events.</summary>
    public SortedDictionary<string, long> DeadLetters { get; } = new(StringComparer.Ordinal);

    /// <summary>The same by reason and the end of the window of the record's own timestamp.</summary>
    public Dictionary<(string Reason, decimal WindowEnd), long> DeadLettersByWindow { get; } = [];

    /// <summary>How many records there are; records of aborted transactions are none.</summary>
    public long Records { get; private set; }

    /// <summary>How many events are late: they are in no row.</summary>
    public long Late { get; private set; }

    /// <summary>The brokers that were read.</summary>
    public string BootstrapServers { get; private init; } = "";

    /// <summary>The topic that was read.</summary>
    public string Topic { get; private init; } = "";

    /// <summary>How long after its window an event may come, in milliseconds.</summary>
    public long AllowedLateness { get; init; } = long.MaxValue;

    /// <summary>How far an event's time may lie after its record's own timestamp, in milliseconds.</summary>
    public long MaximumSkew { get; init; } = DefaultMaximumSkew;

    /// <summary>Reads every record of the topic, up to the first transaction that is still open.</summary>
    public static IndependentReader Read(string bootstrapServers, string topic, TimeSpan? allowedLateness = null, TimeSpan? maximumSkew = null)
    {
        var settings = new ConsumerConfig { BootstrapServers = bootstrapServers, GroupId = "independent-reader", EnableAutoCommit = false };
        (settings.EnablePartitionEof, settings.IsolationLevel) = (true, IsolationLevel.ReadCommitted);
        using var consumer = new ConsumerBuilder<Ignore, byte[]>(settings).SetLogHandler((_, _) => { }).Build();
        using var client = new DependentAdminClientBuilder(consumer.Handle).Build();
        var partitions = client.GetMetadata(topic, TimeSpan.FromSeconds(30)).Topics.Single().Partitions.Select(each => each.PartitionId).ToHashSet();
        consumer.Assign(partitions.Select(number => new TopicPartitionOffset(topic, number, Offset.Beginning)));
        var read = new IndependentReader
        {
            BootstrapServers = bootstrapServers,
            Topic = topic,
            AllowedLateness = (long?)allowedLateness?.TotalMilliseconds ?? long.MaxValue,
            MaximumSkew = (long?)maximumSkew?.TotalMilliseconds ?? DefaultMaximumSkew,
        };
        while (true)
        {
            var record = consumer.Consume(TimeSpan.FromSeconds(30)) ?? throw new InvalidOperationException($"'{topic}' has no end.");
            if (!record.IsPartitionEOF)
                read.Count(record.Message.Value ?? [], record.Message.Timestamp.UnixTimestampMs);
            else if (partitions.Remove(record.Partition.Value) && partitions.Count == 0)
                return read;
        }
    }

    /// <summary>Counts one record.</summary>
    public void Count(byte[] value, long kafkaMilliseconds)
    {
        Records++;
        try
        {
            var root = value.Length == 0 ? throw new FormatException("Empty") : JsonDocument.Parse(value).RootElement;
            var fields = root.ValueKind == JsonValueKind.Object ? root.EnumerateObject() : throw new FormatException("NotAnObject");
            JsonElement Field(string name) => fields.Where(field => Try(() => field.Name) == name).Select(field => (JsonElement?)field.Value).LastOrDefault() ?? throw new FormatException("MissingField");
            string[] values = [Text(Field("DeviceType")), Text(Field("Genre")), Text(Field("UserGender")), AgeGroup(Field("UserAge")),
                Text(Field("UserLocation")), Text(Field("MaturityRating"))];
            var windowEnd = WindowEnd(Time(Field("EventTimestamp"), kafkaMilliseconds));
            if (IsTime(kafkaMilliseconds) && kafkaMilliseconds - (windowEnd * 1000) > AllowedLateness)
                Late++;
            else foreach (var row in Tables.Select((table, index) => (table, values[2 * index], values[(2 * index) + 1], windowEnd)))
                Rows[row] = Rows.GetValueOrDefault(row) + 1;
        }
        catch (Exception bad) when (bad is FormatException or JsonException)
        {
            var reason = bad is JsonException ? "NotJson" : bad.Message;
            DeadLetters[reason] = DeadLetters.GetValueOrDefault(reason) + 1;
            var row = (reason, WindowEnd(IsTime(kafkaMilliseconds) ? kafkaMilliseconds : 0));
            DeadLettersByWindow[row] = DeadLettersByWindow.GetValueOrDefault(row) + 1;
        }
    }

    private static bool IsTime(long kafkaMilliseconds) => kafkaMilliseconds is >= 0 and < EndOfTheYear9000;

    private static decimal WindowEnd(decimal milliseconds) => (decimal.Floor(milliseconds / 300_000m) + 1) * 300;

    private static string? Try(Func<string?> read)
    {
        try { return read(); }
        catch (InvalidOperationException) { return null; } // no valid Unicode
    }

    private static string String(JsonElement field, string invalid) => field.ValueKind == JsonValueKind.String
        ? Try(field.GetString) ?? throw new FormatException(invalid) : throw new FormatException("WrongType");

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

    private decimal Time(JsonElement field, long kafkaMilliseconds)
    {
        var text = Spelling().Match(String(field, "InvalidTimestamp"));
        decimal Number(int group) => decimal.Parse("0" + text.Groups[group].Value, CultureInfo.InvariantCulture);
        if (!text.Success || text.Length > 256
            || !DateTime.TryParseExact($"{text.Groups[1].Value} {text.Groups[2].Value}", "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var local)
            || Number(3) > 60 || Number(7) > 59 || (Number(6) * 60) + Number(7) > 14 * 60)
            throw new FormatException("InvalidTimestamp");
        var minute = ((local - DateTime.MinValue).Ticks / 600_000_000m) + (((Number(6) * 60) + Number(7)) * (text.Groups[5].Value == "-" ? 1 : -1));
        if (Number(3) == 60)
            throw new FormatException((minute + 1) % 1440 == 0 ? "LeapSecond" : "InvalidTimestamp");
        var time = (minute * 60_000) - 62_135_596_800_000m + (Number(3) * 1000) + decimal.Parse(text.Groups[4].Value.PadRight(3, '0')[..3], CultureInfo.InvariantCulture);
        return time < 0 ? throw new FormatException("TimestampTooOld")
            : time >= EndOfTheYear9000 || (IsTime(kafkaMilliseconds) && time - kafkaMilliseconds > MaximumSkew)
                ? throw new FormatException("TimestampInFuture") : time;
    }

    [GeneratedRegex(@"^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)?\z", RegexOptions.ECMAScript)]
    private static partial Regex Spelling();
}
