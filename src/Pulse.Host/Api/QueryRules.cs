using System.Net;
using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.WebUtilities;

namespace Pulse.Host.Api;

/// <summary>
/// What holds for the parameters of every address of the API: each is UTF-8, known there, and given once unless several values
/// of it mean something.
/// </summary>
internal static class QueryRules
{
    /// <summary>Lets an address take these parameters, each once; others are refused by name.</summary>
    public static RouteHandlerBuilder Takes(this RouteHandlerBuilder builder, params string[] names) => builder
        .AddEndpointFilter(async (context, next) => Mistake(context.HttpContext.Request, names, []) is var (parameter, detail)
            ? ApiProblem.Parameter(parameter, detail)
            : await next(context))
        .ProducesProblem(StatusCodes.Status400BadRequest);

    /// <summary>The first parameter that breaks a rule, and which.</summary>
    /// <param name="request">The request.</param>
    /// <param name="once">The parameters that may be given once.</param>
    /// <param name="often">Those that may be repeated.</param>
    public static (string Parameter, string Detail)? Mistake(
        HttpRequest request, IReadOnlyCollection<string> once, IReadOnlyCollection<string> often)
    {
        foreach (var pair in new QueryStringEnumerable(request.QueryString.Value))
        {
            if (IsText(pair.EncodedName) && IsText(pair.EncodedValue))
                continue;
            var name = pair.DecodeName().ToString();
            return (name, $"'{ApiProblem.Shown(name)}' is not UTF-8; encode each byte of its UTF-8 as %xx.");
        }

        foreach (var (name, values) in request.Query)
        {
            if (often.Contains(name))
                continue;
            if (!once.Contains(name))
                return (name, $"'{ApiProblem.Shown(name)}' is no parameter here; {Known([.. once, .. often])}.");
            if (values.Count > 1)
                return (name, $"'{name}' is given {values.Count} times; give it once.");
        }

        return null;
    }

    private static string Known(string[] names) => names.Length switch
    {
        0 => "there are none",
        1 => $"known is {names[0]}",
        _ => $"known are {string.Join(", ", names)}",
    };

    // Bytes that are no UTF-8 stay as they were written, and would be taken for those characters.
    private static bool IsText(ReadOnlyMemory<char> encoded)
    {
        var bytes = Encoding.UTF8.GetBytes(encoded.ToString());
        return Utf8.IsValid(WebUtility.UrlDecodeToBytes(bytes, 0, bytes.Length));
    }
}
