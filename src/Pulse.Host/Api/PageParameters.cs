using System.Globalization;

namespace Pulse.Host.Api;

/// <summary>Reads the parameters of a list that is given page by page.</summary>
internal static class PageParameters
{
    /// <summary>Reads whole numbers; what an address does not know, <see cref="QueryRules"/> have refused.</summary>
    /// <param name="query">The request's parameters.</param>
    /// <param name="known">What there is: the name, the greatest value, and where the number goes.</param>
    /// <returns>What is wrong; null where nothing is.</returns>
    public static IResult? Read(IQueryCollection query, params ReadOnlySpan<(string Name, long Greatest, Action<long> Take)> known)
    {
        foreach (var (name, greatest, take) in known)
        {
            if (!query.TryGetValue(name, out var value))
                continue;
            if (!long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1 || number > greatest)
                return ApiProblem.Parameter(
                    name, string.Create(CultureInfo.InvariantCulture, $"'{name}' must be a whole number from 1 to {greatest}."));
            take(number);
        }

        return null;
    }
}
