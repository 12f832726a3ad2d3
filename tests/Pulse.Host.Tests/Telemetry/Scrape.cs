using System.Globalization;

namespace Pulse.Host.Tests.Telemetry;

/// <summary>The samples of one scrape, read as Prometheus reads them.</summary>
internal sealed class Scrape
{
    private readonly Dictionary<string, double> _samples = new(StringComparer.Ordinal);

    public Scrape(string text)
    {
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith('#'))
                continue;
            // Name, labels, value: there may be a time after it, and spaces within labels.
            var end = line.LastIndexOf('}') + 1;
            if (end == 0)
                end = line.IndexOf(' ', StringComparison.Ordinal);
            var value = line[end..].Trim().Split(' ')[0];
            _samples.Add(line[..end].Replace("{}", "", StringComparison.Ordinal), double.Parse(value, CultureInfo.InvariantCulture));
        }
    }

    public IReadOnlyCollection<string> Series => _samples.Keys;

    public double this[string series] =>
        _samples.TryGetValue(series, out var value) ? value : throw new KeyNotFoundException($"{series} is not among {string.Join('\n', _samples.Keys.Order())}");
}
