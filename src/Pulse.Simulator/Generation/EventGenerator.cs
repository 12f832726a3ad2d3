using System.Text;

namespace Pulse.Simulator.Generation;

/// <summary>
/// The endless, deterministic sequence of records of one seed, start and set of options. No clock, no I/O, one
/// thread. A record's event time derives from its number: <c>start + number / rate × speedUp</c>, with
/// <see cref="SimulatorOptions.NominalRate"/> where the rate is 0.
/// </summary>
public sealed class EventGenerator
{
    private const int BufferBytes = 4_096;
    private const int GuidLength = 36;

    private readonly Catalogue catalogue;
    private readonly Audience audience;
    private readonly ZipfChoice titles;
    private readonly ZipfChoice devices;
    private readonly byte[][] deviceFields;
    private readonly byte[] buffer = new byte[BufferBytes];
    private readonly double late;
    private readonly double bad;
    private readonly int outOfOrderMilliseconds;
    private readonly long startMilliseconds;
    private readonly double millisecondsPerEvent;
    private RandomStream content;
    private RandomStream time;
    private RandomStream damage;
    private TimestampText timestampText;
    private byte[]? spoiled;
    private int length;

    /// <summary>Makes the catalogue and the users; takes some tenths of a second.</summary>
    /// <param name="options">Valid options. Where they have no start, <paramref name="start"/> is taken.</param>
    /// <param name="start">The first event's time when the options name none.</param>
    public EventGenerator(SimulatorOptions options, DateTimeOffset start)
    {
        ArgumentNullException.ThrowIfNull(options);
        startMilliseconds = (options.Start ?? start).ToUnixTimeMilliseconds();
        millisecondsPerEvent = 1_000.0 / options.EventTimeRate * options.SpeedUp;
        late = options.Late;
        bad = options.Bad;
        outOfOrderMilliseconds = (int)options.OutOfOrder.TotalMilliseconds;
        catalogue = new Catalogue(options.Seed);
        audience = new Audience(options.Seed, options.Skew);
        titles = new ZipfChoice(catalogue.Count, options.Skew);
        devices = new ZipfChoice(Vocabulary.Devices.Count, options.Skew);
        deviceFields = [.. Vocabulary.Devices.Select(device => Encoding.UTF8.GetBytes($"\"DeviceType\":\"{device}\","))];
        content = new RandomStream(RandomStream.Derive(options.Seed, startMilliseconds, "content"));
        time = new RandomStream(RandomStream.Derive(options.Seed, startMilliseconds, "time"));
        damage = new RandomStream(RandomStream.Derive(options.Seed, startMilliseconds, "damage"));
    }

    /// <summary>How many records were generated.</summary>
    public long Generated { get; private set; }

    /// <summary>What the latest record says.</summary>
    public SimulatedEvent Current { get; private set; }

    /// <summary>The latest record's key, its user's id in UTF-8. The same array for the same user; do not change it.</summary>
    public byte[] Key { get; private set; } = [];

    /// <summary>The latest record's value. Valid until the next call of <see cref="Next"/>.</summary>
    public ReadOnlySpan<byte> Value => spoiled ?? buffer.AsSpan(0, length);

    /// <summary>The time that the next record would have without lateness or disorder.</summary>
    public DateTimeOffset NextEventTime => DateTimeOffset.FromUnixTimeMilliseconds(EventTime(Generated));

    /// <summary>Generates the next record.</summary>
    public void Next()
    {
        var user = audience[content.NextBelow(Audience.Size)];
        var title = catalogue[titles.Next(ref content)];
        var device = devices.Next(ref content);
        var timestamp = Disturb(EventTime(Generated));
        WriteEvent(user, title, device, timestamp);

        var kind = MalformedKind.None;
        spoiled = null;
        if (bad > 0 && damage.NextFraction() < bad)
        {
            kind = Spoiler.ChooseKind(ref damage);
            spoiled = Spoiler.Spoil(buffer.AsSpan(0, length), kind, ref damage);
        }

        Key = user.Id;
        Current = new SimulatedEvent(
            kind, timestamp, device, title.Genre, user.Gender, user.Age, user.Country, title.MaturityRating);
        Generated++;
    }

    private long EventTime(long number) => startMilliseconds + (long)(number * millisecondsPerEvent);

    private long Disturb(long timestamp)
    {
        if (outOfOrderMilliseconds > 0)
            timestamp -= time.NextBelow(outOfOrderMilliseconds);
        if (late > 0 && time.NextFraction() < late)
        {
            var spread = (int)(SimulatorOptions.LongestLateness - SimulatorOptions.ShortestLateness).TotalMilliseconds;
            timestamp -= (long)SimulatorOptions.ShortestLateness.TotalMilliseconds + time.NextBelow(spread + 1);
        }

        return timestamp;
    }

    private void WriteEvent(Audience.User user, Catalogue.Title title, int device, long timestamp)
    {
        length = 0;
        Append("{\"EventId\":\""u8);
        WriteEventId(buffer.AsSpan(length, GuidLength));
        length += GuidLength;
        Append("\","u8);
        Append(user.Fields);
        Append(","u8);
        Append(deviceFields[device]);
        Append(title.Fields);
        Append(",\"EventTimestamp\":\""u8);
        timestampText.Write(timestamp, buffer.AsSpan(length, TimestampText.Length));
        length += TimestampText.Length;
        Append("\"}"u8);
    }

    private void Append(ReadOnlySpan<byte> piece)
    {
        piece.CopyTo(buffer.AsSpan(length));
        length += piece.Length;
    }

    private void WriteEventId(Span<byte> destination)
    {
        var high = content.Next();
        var low = content.Next();
        // The version and variant bits of a random GUID.
        high = (high & 0xFFFF_FFFF_FFFF_0FFF) | 0x4000;
        low = (low & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000;
        var guid = new Guid(
            (uint)(high >> 32),
            (ushort)(high >> 16),
            (ushort)high,
            (byte)(low >> 56),
            (byte)(low >> 48),
            (byte)(low >> 40),
            (byte)(low >> 32),
            (byte)(low >> 24),
            (byte)(low >> 16),
            (byte)(low >> 8),
            (byte)low);
        guid.TryFormat(destination, out _);
    }
}
