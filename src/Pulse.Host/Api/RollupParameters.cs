using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Pulse.Actors.Live;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Host.Api;

/// <summary>Reads the query string of <c>/api/rollups/{name}</c>; what it does not know, it refuses by name.</summary>
/// <param name="rollup">The rollup, whose dimensions are parameters too.</param>
/// <param name="once">The parameters that may be given once.</param>
internal sealed class RollupParameters(Rollup rollup, IReadOnlyCollection<string> once)
{
    public const int DefaultTop = 100;
    public const int MaximumTop = 10_000;
    public const int MaximumPage = 1_000_000;
    public const int MaximumValues = 200;
    public const int MaximumNewest = 100_000;

    private const string FormatName = "format";
    private const string DateFormat = "yyyy-MM-dd";
    private static readonly DateOnly FirstDate = DateOnly.FromDateTime(DateTime.UnixEpoch);
    // The last year of the calendar has a day after which none comes.
    private static readonly DateOnly LastDate = new(9998, 12, 31);

    /// <summary>The parameters that have one value.</summary>
    public static IReadOnlyCollection<string> Once { get; } = ["from", "to", "newest", "by", "top", "page", FormatName];

    /// <summary>The same for the stream, which is always JSON.</summary>
    public static IReadOnlyCollection<string> OnceInStream { get; } = [.. Once.Where(name => name != FormatName)];

    /// <summary>The parameters that are lists, by repetition or with commas.</summary>
    public static IReadOnlyCollection<string> Lists { get; } = ["date", "hour", "min"];

    private readonly ImmutableSortedSet<string>[] _values =
        [.. rollup.Dimensions.Select(_ => ImmutableSortedSet.Create<string>(StringComparer.Ordinal))];

    private RollupQuery _query = new(rollup);
    private RollupLayout _layout = RollupLayout.Key;
    private int _top = DefaultTop;
    private int _page = 1;
    private string? _format;
    private (string Parameter, string Detail)? _mistake;

    /// <summary>Reads all parameters.</summary>
    /// <returns>The first mistake, or null.</returns>
    public (string Parameter, string Detail)? TryRead(HttpRequest asked, out RollupRequest request)
    {
        _mistake = QueryRules.Mistake(asked, once, [.. Lists, .. rollup.Dimensions]);
        if (_mistake is null)
        {
            foreach (var (name, values) in asked.Query)
                Read(name, [.. values.SelectMany(value => Lists.Contains(name) ? value!.Split(',') : [value!])]);
        }

        _query = _query with { Values = [.. _values], IsPerWindow = _layout == RollupLayout.Cell };
        if (_query is { From: { } from, To: { } to } && from >= to)
            Refuse("to", "must be after 'from'");
        request = new RollupRequest(_query, _layout, _top, _page, _format);
        return _mistake;
    }

    private void Read(string name, string[] entries)
    {
        if (entries.Length > MaximumValues)
            Refuse(name, $"has {entries.Length} values; {MaximumValues} are allowed");
        foreach (var entry in entries.Take(MaximumValues))
            Read(name, entry);
    }

    private void Read(string name, string value)
    {
        switch (name)
        {
            case "from":
                _query = _query with { From = Time(name, value) };
                break;
            case "to":
                _query = _query with { To = Time(name, value) };
                break;
            case "date":
                _query = _query with { Dates = _query.Dates.Add(Date(name, value)) };
                break;
            case "hour":
                _query = _query with { Hours = _query.Hours.Add(Number(name, value, 0, 23)) };
                break;
            case "min":
                _query = _query with { Minutes = _query.Minutes.Add(Number(name, value, 0, 59)) };
                break;
            case "newest":
                _query = _query with { NewestWindows = Number(name, value, 1, MaximumNewest) };
                break;
            case "top":
                _top = Number(name, value, 1, MaximumTop);
                break;
            case "page":
                _page = Number(name, value, 1, MaximumPage);
                break;
            case "by":
                _layout = Choice(name, value, ("key", RollupLayout.Key), ("window", RollupLayout.Window), ("cell", RollupLayout.Cell));
                break;
            case FormatName:
                _format = Choice(name, value, ("json", MediaTypes.Json), ("csv", MediaTypes.Csv));
                break;
            default:
                AddValue(rollup.Dimensions.IndexOf(name), name, value);
                break;
        }
    }

    // Whatever can be a key can be asked for.
    private void AddValue(int dimension, string name, string value)
    {
        var bytes = Encoding.UTF8.GetByteCount(value);
        if (bytes is 0 or > EventDecoder.MaximumTextBytes)
            Refuse(name, bytes == 0
                ? "has an empty value, and no key is empty; leave it out to have all"
                : $"has a value of {bytes} bytes of UTF-8; no key has more than {EventDecoder.MaximumTextBytes}");
        else
            _values[dimension] = _values[dimension].Add(value);
    }

    private DateTime? Time(string name, string value)
    {
        const string midnight = "T00:00";
        // In a query a plus that is not escaped is a space; behind hours and minutes only a zone can follow one.
        var plus = value.LastIndexOf(' ');
        var text = plus >= "yyyy-MM-ddTHH:mm".Length ? $"{value[..plus]}+{value[(plus + 1)..]}" : value;
        if ((Iso8601.TryRead(text, out var time) || Iso8601.TryRead(text + midnight, out time)) && time >= DateTime.UnixEpoch)
            return time;
        Refuse(name, $"is '{ApiProblem.Shown(value)}'; use ISO-8601 such as 2026-01-31T12:05:00Z, in UTC from the year 1970 to the year 9999");
        return null;
    }

    private DateOnly Date(string name, string value)
    {
        if (DateOnly.TryParseExact(value, DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            && date >= FirstDate && date <= LastDate)
            return date;
        Refuse(name, $"is '{ApiProblem.Shown(value)}'; use a date such as 2026-01-31, from {Text(FirstDate)} to {Text(LastDate)}");
        return default;

        static string Text(DateOnly date) => date.ToString(DateFormat, CultureInfo.InvariantCulture);
    }

    private int Number(string name, string value, int least, int most)
    {
        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most)
            return number;
        Refuse(name, $"is '{ApiProblem.Shown(value)}'; use a whole number from {least} to {most}");
        return least;
    }

    private T Choice<T>(string name, string value, params ReadOnlySpan<(string Name, T Meaning)> known)
    {
        var names = new List<string>();
        foreach (var (text, meaning) in known)
        {
            if (text.Equals(value, StringComparison.OrdinalIgnoreCase))
                return meaning;
            names.Add(text);
        }

        Refuse(name, $"is '{ApiProblem.Shown(value)}'; use one of {string.Join(", ", names)}");
        return known[0].Meaning;
    }

    private void Refuse(string name, string detail) => _mistake ??= (name, $"'{name}' {detail}.");
}
