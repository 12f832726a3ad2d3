using System.Globalization;

namespace Pulse.Host.Api;

/// <summary>Reads the parameters of a list that is given page by page.</summary>
internal static class PageParameters
{
    /// <summary>Reads whole numbers.</summary>
    /// <param name="query">The request's parameters.</param>
    /// <param name="known">What there is: the name, the greatest value, and where the number goes.</param>
    /// <returns>What is wrong; null where nothing is.</returns>
    public static IResult? Read(IQueryCollection query, params ReadOnlySpan<(string Name, long Greatest, Action<long> Take)> known)
    {
        foreach (var (name, value) in query)
        {
            var isKnown = false;
            var names = new List<string>();
            foreach (var parameter in known)
            {
                names.Add(parameter.Name);
                if (parameter.Name != name)
                    continue;
                isKnown = true;
                if (!long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1 || number > parameter.Greatest)
                    return ApiProblem.Parameter(name, $"'{name}' must be a whole number from 1 to {parameter.Greatest.ToString(CultureInfo.InvariantCulture)}.");
                parameter.Take(number);
            }

            if (!isKnown)
                return ApiProblem.Parameter(name, $"'{name}' is no parameter here; known are {string.Join(" and ", names)}.");
        }

        return null;
    }
}
