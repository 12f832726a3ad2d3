using System.Collections.Immutable;
using System.Data.Common;
using System.Globalization;
using System.Text.RegularExpressions;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;

namespace Pulse.Actors.Storage.Upgrade;

/// <summary>What an earlier version declared in a database, whether it is still configured or not.</summary>
/// <param name="Rollups">The rollups with the number of buckets, and of keys, that they have from now on.</param>
/// <param name="WindowLength">The length of their windows.</param>
internal sealed partial record EarlierDeclarations(ImmutableArray<Rollup> Rollups, TimeSpan WindowLength)
{
    private const string Seconds = " s";

    /// <summary>Reads them.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="table">Where they are.</param>
    /// <param name="configured">The rollups that are configured now: keys are hashed anew, so the number of buckets is theirs.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="NotDrainedException">They are none of a version that can be upgraded.</exception>
    public static async Task<EarlierDeclarations> ReadAsync(
        DbConnection connection, string table, IReadOnlyCollection<Rollup> configured, CancellationToken cancellationToken)
    {
        var command = connection.Command($"select name, declaration from {table} order by name");
        await using var disposing = command.ConfigureAwait(false);
        var declared = (await command
            .ReadAllAsync(row => (Name: row.GetString(0), Text: row.GetString(1)), cancellationToken).ConfigureAwait(false))
            .ToLookup(row => row.Name == EarlierVersions.WindowLength, row => row.Text);
        return new EarlierDeclarations(
            [.. declared[false].Select(text => RollupOf(text, configured))],
            WindowOf(declared[true].SingleOrDefault() ?? ""));
    }

    private static Rollup RollupOf(string text, IReadOnlyCollection<Rollup> configured)
    {
        if (Declaration().Match(text) is not { Success: true } match)
            throw Unreadable(text);
        var name = match.Groups["name"].Value;
        var now = configured.FirstOrDefault(rollup => rollup.Name == name);
        var buckets = match.Groups["buckets"] is { Success: true, Value: var number }
            ? int.Parse(number, CultureInfo.InvariantCulture)
            : Rollup.DefaultBuckets;
        return new Rollup(name, [.. match.Groups["dimensions"].Value.Split(", ")], now?.Buckets ?? buckets)
        {
            MaximumKeys = now?.MaximumKeys ?? Rollup.DefaultMaximumKeys,
        };
    }

    private static TimeSpan WindowOf(string text) =>
        text.EndsWith(Seconds, StringComparison.Ordinal)
        && int.TryParse(text[..^Seconds.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > 0
            ? TimeSpan.FromSeconds(seconds)
            : throw Unreadable(text);

    private static NotDrainedException Unreadable(string text) => new(
        $"its declaration '{text}' can't be understood", NotDrainedException.GoOn);

    // viewsByTitle(content_name, language) in 4 buckets; without a number, every key had one of its own.
    [GeneratedRegex(@"^(?<name>\w+)\((?<dimensions>\w+(, \w+)*)\)( in (?<buckets>\d{1,6}) buckets)?\z")]
    private static partial Regex Declaration();
}
