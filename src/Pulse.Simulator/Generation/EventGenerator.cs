using System.Text;

namespace Pulse.Simulator.Generation;

/// <summary>
/// The endless, deterministic sequence of records of one seed, start and set of options. No clock, no I/O, one
/// thread. A record's own timestamp follows from its number (<see cref="RecordTimes"/>); its event time is the same, unless
/// lateness, disorder or a fast clock moves it.
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
    private readonly RecordTimes times;
    private readonly FastClocks clocks;
    private RandomStream content;
    private RandomStream time;
    private RandomStream damage;
    private TimestampText timestampText;
    private byte[]? spoiled;
    private int length;

    /// <summary>Makes the catalogue and the users; takes some tenths of a second.</summary>
    /// <param name="options">Valid options.</param>
    /// <param name="now">Decides when the stream begins where the options name no start.</param>
    public EventGenerator(SimulatorOptions options, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(options);
        times = new RecordTimes(options, now);
        clocks = new FastClocks(options.Seed, options.FastClock);
        late = options.Late;
        bad = options.Bad;
        outOfOrderMilliseconds = (int)options.OutOfOrder.TotalMilliseconds;
        catalogue = new Catalogue(options.Seed);
        audience = new Audience(options.Seed, options.Skew);
        titles = new ZipfChoice(catalogue.Count, options.Skew);
        devices = new ZipfChoice(Vocabulary.Devices.Count, options.Skew);
        deviceFields = [.. Vocabulary.Devices.Select(device => Encoding.UTF8.GetBytes($"\"DeviceType\":\"{device}\","))];
        var start = times[0];
        content = new RandomStream(RandomStream.Derive(options.Seed, start, "content"));
        time = new RandomStream(RandomStream.Derive(options.Seed, start, "time"));
        damage = new RandomStream(RandomStream.Derive(options.Seed, start, "damage"));
    }

    /// <summary>How many records were generated.</summary>
    public long Generated { get; private set; }

    /// <summary>What the latest record says.</summary>
    public SimulatedEvent Current { get; private set; }

    /// <summary>The latest record's key, its user's id in UTF-8. The same array for the same user; do not change it.</summary>
    public byte[] Key { get; private set; } = [];

    /// <summary>The latest record's value. Valid until the next call of <see cref="Next"/>.</summary>
    public ReadOnlySpan<byte> Value => spoiled ?? buffer.AsSpan(0, length);

    /// <summary>The next record's own timestamp.</summary>
    public DateTimeOffset NextRecordTime => DateTimeOffset.FromUnixTimeMilliseconds(times[Generated]);

    /// <summary>Generates the next record.</summary>
    public void Next()
    {
        var viewer = content.NextBelow(Audience.Size);
        var user = audience[viewer];
        var title = catalogue[titles.Next(ref content)];
        var device = devices.Next(ref content);
        var recordTime = times[Generated];
        var timestamp = Disturb(recordTime + clocks[viewer]);
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
            kind, timestamp, recordTime, device, title.Genre, user.Gender, user.Age, user.Country, title.MaturityRating);
        Generated++;
    }

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
