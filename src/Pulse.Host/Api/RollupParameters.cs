using System.Collections.Immutable;
using System.Globalization;
using Pulse.Actors.Live;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Host.Api;

/// <summary>Reads the query string of <c>/api/rollups/{name}</c>; what it does not know, it refuses by name.</summary>
internal sealed class RollupParameters(Rollup rollup)
{
    public const int DefaultTop = 100;
    public const int MaximumTop = 10_000;
    public const int MaximumPage = 1_000_000;
    public const int MaximumValues = 200;
    public const int MaximumValueLength = 200;
    public const int MaximumNewest = 100_000;

    private readonly ImmutableSortedSet<string>[] _values =
        [.. rollup.Dimensions.Select(_ => ImmutableSortedSet.Create<string>(StringComparer.Ordinal))];

    private RollupQuery _query = new(rollup);
    private RollupLayout _layout = RollupLayout.Key;
    private int _top = DefaultTop;
    private int _page = 1;
    private (string Parameter, string Detail)? _mistake;

    /// <summary>Reads all parameters.</summary>
    /// <returns>The first mistake, or null.</returns>
    public (string Parameter, string Detail)? TryRead(IQueryCollection parameters, out RollupRequest request)
    {
        foreach (var (name, values) in parameters)
        {
            if (values.Count > MaximumValues)
                Refuse(name, $"has {values.Count} values; {MaximumValues} are allowed");
            foreach (var value in values.Take(MaximumValues))
                Read(name, value ?? "");
        }

        _query = _query with { Values = [.. _values] };
        if (_query is { From: { } from, To: { } to } && from >= to)
            Refuse("to", "must be after 'from'");
        _query = _query with { IsPerWindow = _layout == RollupLayout.Cell };
        request = new RollupRequest(_query, _layout, _top, _page);
        return _mistake;
    }

    private void Read(string name, string value)
    {
        if (value.Length > MaximumValueLength)
        {
            Refuse(name, $"has a value of {value.Length} characters; {MaximumValueLength} are allowed");
            return;
        }

        switch (name)
        {
            case "from":
                _query = _query with { From = Time(name, value) };
                break;
            case "to":
                _query = _query with { To = Time(name, value) };
                break;
            case "date":
                foreach (var part in value.Split(','))
                    _query = _query with { Dates = _query.Dates.Add(Date(name, part)) };
                break;
            case "hour":
                foreach (var part in value.Split(','))
                    _query = _query with { Hours = _query.Hours.Add(Number(name, part, 0, 23)) };
                break;
            case "min":
                foreach (var part in value.Split(','))
                    _query = _query with { Minutes = _query.Minutes.Add(Number(name, part, 0, 59)) };
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
                _layout = Layout(name, value);
                break;
            case "format" when value is "csv" or "json":
                break;
            case "format":
                Refuse(name, "must be json or csv");
                break;
            default:
                AddValue(name, value);
                break;
        }
    }

    private void AddValue(string name, string value)
    {
        for (var index = 0; index < rollup.Dimensions.Length; index++)
        {
            if (rollup.Dimensions[index] != name)
                continue;
            _values[index] = _values[index].Add(value);
            return;
        }

        Refuse(name, "is no parameter here; known are from, to, date, hour, min, newest, by, top, page, format and the "
            + $"dimensions {string.Join(", ", rollup.Dimensions)}");
    }

    private DateTime? Time(string name, string value)
    {
        const string midnight = "T00:00";
        // In a query a plus that is not escaped is a space; before the last five characters, of hh:mm, it can't be meant for one.
        var text = value.Length > "yyyy-MM-ddTHH:mm".Length && value[^6] == ' ' ? $"{value[..^6]}+{value[^5..]}" : value;
        if ((Iso8601.TryRead(text, out var time) || Iso8601.TryRead(text + midnight, out time)) && time >= DateTime.UnixEpoch)
            return time;
        Refuse(name, $"is '{value}'; use ISO-8601 such as 2026-01-31T12:05:00Z, in 1970 or later");
        return null;
    }

    private DateOnly Date(string name, string value)
    {
        if (DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            && date.Year is >= 1970 and < 9999)
            return date;
        Refuse(name, $"is '{value}'; use a date such as 2026-01-31, in 1970 or later");
        return default;
    }

    private int Number(string name, string value, int least, int most)
    {
        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most)
            return number;
        Refuse(name, $"is '{value}'; use a whole number from {least} to {most}");
        return least;
    }

    private RollupLayout Layout(string name, string value)
    {
        switch (value)
        {
            case "key":
                return RollupLayout.Key;
            case "window":
                return RollupLayout.Window;
            case "cell":
                return RollupLayout.Cell;
            default:
                Refuse(name, $"is '{value}'; use key, window or cell");
                return RollupLayout.Key;
        }
    }

    private void Refuse(string name, string detail) => _mistake ??= (name, $"'{name}' {detail}.");
}
