using System.Globalization;
using System.Text.Json;

namespace Pulse.Simulator.Generation;

/// <summary>
/// The exact counts that any correct consumer of the produced records must find with default settings: per built-in rollup,
/// key and five-minute window, and the records that are no events by their reason. It counts what the generator meant, not
/// what a decoder reads, and shares no code with the counting side.
/// </summary>
/// <remarks>
/// The JSON file:
/// <code>
/// {"events":20000,"malformed":200,"ahead":37,
///  "rollups":{
///   "viewsByDeviceGenre":{"dimensions":["device_type","genre"],
///     "rows":[["Mobile","Drama","2026-01-01T00:05:00Z",12],…]},
///   "viewsByGenderAgeGroup":{"dimensions":["gender","age_group"],"rows":[…]},
///   "viewsByLocationMR":{"dimensions":["country","maturity_rating"],"rows":[…]}},
///  "deadLetters":{"dimensions":["reason"],"rows":[["NotJson","2026-01-01T00:05:00Z",3],…]}}
/// </code>
/// <c>events</c> is the number of produced records, <c>ahead</c> that of well-formed events whose time lies too far ahead of
/// their record's: each rollup's rows sum to <c>events - malformed - ahead</c>, the dead letters' to the other two. A row is
/// the dimension values, the window's end in UTC, and the count. Rows are sorted by window, then by the dimension values in
/// ordinal order.
/// </remarks>
public sealed class Truth
{
    private const long WindowMilliseconds = 5 * 60 * 1_000;
    private const int YearsPerAgeGroup = 10;
    private const string InFuture = "TimestampInFuture";
    private static readonly long AcceptedLeadMilliseconds = (long)SimulatorOptions.AcceptedLead.TotalMilliseconds;

    private static readonly string[] AgeGroups =
    [
        .. Enumerable.Range(0, Vocabulary.OldestAge / YearsPerAgeGroup + 1)
            .Select(decade => $"{decade * YearsPerAgeGroup}-{decade * YearsPerAgeGroup + YearsPerAgeGroup - 1}"),
    ];

    private static readonly Rollup[] Rollups =
    [
        new("viewsByDeviceGenre", ["device_type", "genre"], Vocabulary.Devices, Vocabulary.Genres, 0),
        new("viewsByGenderAgeGroup", ["gender", "age_group"], Vocabulary.Genders, AgeGroups, 1),
        new(
            "viewsByLocationMR", ["country", "maturity_rating"], Vocabulary.Countries, Vocabulary.MaturityRatings, 2),
    ];

    private readonly SortedDictionary<long, long[][]> countsByWindow = [];
    private readonly Dictionary<(long Window, string Reason), long> deadLetters = [];
    private long latestWindow = -1;
    private long[][] latestCounts = [];

    /// <summary>The names of the rollups that are counted.</summary>
    public static IReadOnlyList<string> RollupNames { get; } = [.. Rollups.Select(rollup => rollup.Name)];

    /// <summary>How many records were produced, malformed ones included.</summary>
    public long Events { get; private set; }

    /// <summary>How many of them were malformed.</summary>
    public long Malformed { get; private set; }

    /// <summary>How many well-formed events lie too far ahead of their record's own timestamp to be counted.</summary>
    public long Ahead { get; private set; }

    /// <summary>How many events every rollup counts.</summary>
    public long Counted => Events - Malformed - Ahead;

    /// <summary>The records that are no events, sorted by window and then by reason in ordinal order.</summary>
    public IReadOnlyList<DeadLetterRow> DeadLetters =>
    [
        .. deadLetters.OrderBy(row => row.Key.Window).ThenBy(row => row.Key.Reason, StringComparer.Ordinal)
            .Select(row => new DeadLetterRow(row.Key.Reason, EndOf(row.Key.Window), row.Value)),
    ];

    /// <summary>Counts one produced record.</summary>
    /// <param name="record">What the record says.</param>
    public void Add(in SimulatedEvent record)
    {
        Events++;
        if (record.Malformed != MalformedKind.None)
        {
            Malformed++;
            AddDeadLetter(ReasonOf(record.Malformed), record);
            return;
        }

        if (record.TimestampMilliseconds - record.RecordMilliseconds > AcceptedLeadMilliseconds)
        {
            Ahead++;
            AddDeadLetter(InFuture, record);
            return;
        }

        var window = record.TimestampMilliseconds / WindowMilliseconds;
        if (window != latestWindow)
            OpenWindow(window);
        latestCounts[0][record.Device * Vocabulary.Genres.Count + record.Genre]++;
        latestCounts[1][record.Gender * AgeGroups.Length + record.Age / YearsPerAgeGroup]++;
        latestCounts[2][record.Country * Vocabulary.MaturityRatings.Count + record.MaturityRating]++;
    }

    /// <summary>The counts of one rollup, sorted by window and then by dimension values in ordinal order.</summary>
    /// <param name="rollup">One of <see cref="RollupNames"/>.</param>
    /// <exception cref="ArgumentException">There is no such rollup.</exception>
    public IReadOnlyList<TruthRow> Rows(string rollup)
    {
        var wanted = Array.Find(Rollups, candidate => candidate.Name == rollup)
                     ?? throw new ArgumentException($"There is no rollup '{rollup}'.", nameof(rollup));
        return
        [
            .. countsByWindow.SelectMany(window => RowsOf(wanted, window.Key, window.Value[wanted.Index]))
                .OrderBy(row => row.WindowEnd)
                .ThenBy(row => row.First, StringComparer.Ordinal)
                .ThenBy(row => row.Second, StringComparer.Ordinal),
        ];
    }

    /// <summary>Writes the counts as one JSON object; the type's remarks show its shape.</summary>
    /// <param name="destination">Takes UTF-8.</param>
    public void Write(Stream destination)
    {
        using var json = new Utf8JsonWriter(destination, JsonFragment.Writing);
        json.WriteStartObject();
        json.WriteNumber("events", Events);
        json.WriteNumber("malformed", Malformed);
        json.WriteNumber("ahead", Ahead);
        json.WriteStartObject("rollups");
        foreach (var rollup in Rollups)
            WriteRows(json, rollup.Name, rollup.Dimensions, Rows(rollup.Name).Select(row => (new[] { row.First, row.Second }, row.WindowEnd, row.Count)));
        json.WriteEndObject();
        WriteRows(json, "deadLetters", ["reason"], DeadLetters.Select(row => (new[] { row.Reason }, row.WindowEnd, row.Count)));
        json.WriteEndObject();
    }

    private static void WriteRows(
        Utf8JsonWriter json,
        string name,
        string[] dimensions,
        IEnumerable<(string[] Values, DateTimeOffset WindowEnd, long Count)> rows)
    {
        json.WriteStartObject(name);
        json.WriteStartArray("dimensions");
        foreach (var dimension in dimensions)
            json.WriteStringValue(dimension);
        json.WriteEndArray();
        json.WriteStartArray("rows");
        foreach (var (values, windowEnd, count) in rows)
        {
            json.WriteStartArray();
            foreach (var value in values)
                json.WriteStringValue(value);
            json.WriteStringValue(windowEnd.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
            json.WriteNumberValue(count);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static IEnumerable<TruthRow> RowsOf(Rollup rollup, long window, long[] counts)
    {
        var end = EndOf(window);
        for (var index = 0; index < counts.Length; index++)
        {
            if (counts[index] > 0)
                yield return new TruthRow(
                    rollup.First[index / rollup.Second.Count], rollup.Second[index % rollup.Second.Count], end, counts[index]);
        }
    }

    private static DateTimeOffset EndOf(long window) =>
        DateTimeOffset.FromUnixTimeMilliseconds((window + 1) * WindowMilliseconds);

    private static string ReasonOf(MalformedKind kind) => kind switch
    {
        MalformedKind.NotJson or MalformedKind.Truncated or MalformedKind.TrailingText => "NotJson",
        MalformedKind.Empty => "Empty",
        MalformedKind.NotAnObject => "NotAnObject",
        MalformedKind.MissingField => "MissingField",
        MalformedKind.WrongType => "WrongType",
        MalformedKind.BadTimestamp => "InvalidTimestamp",
        MalformedKind.BeforeTheYear1970 => "TimestampTooOld",
        MalformedKind.FarFuture => InFuture,
        MalformedKind.AgeOutOfRange => "NumberOutOfRange",
        MalformedKind.InvalidUtf8 => "InvalidText",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "It is a good event."),
    };

    private void AddDeadLetter(string reason, in SimulatedEvent record)
    {
        var row = (record.RecordMilliseconds / WindowMilliseconds, reason);
        deadLetters[row] = deadLetters.GetValueOrDefault(row) + 1;
    }

    private void OpenWindow(long window)
    {
        if (!countsByWindow.TryGetValue(window, out var counts))
            countsByWindow.Add(
                window,
                counts = [.. Rollups.Select(rollup => new long[rollup.First.Count * rollup.Second.Count])]);
        (latestWindow, latestCounts) = (window, counts);
    }

    private sealed record Rollup(
        string Name, string[] Dimensions, IReadOnlyList<string> First, IReadOnlyList<string> Second, int Index);
}
