using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Pulse.Actors.Live;
using Pulse.Counting;

namespace Pulse.Host.Api;

/// <summary>Writes an answer as JSON or CSV.</summary>
internal static class RollupBody
{
    private static readonly SearchValues<char> MustQuote = SearchValues.Create(",\"\r\n");

    /// <summary>How many rows all pages have together.</summary>
    public static int Rows(RollupAnswer answer, RollupLayout layout) => layout switch
    {
        RollupLayout.Window => answer.Windows.Count,
        RollupLayout.Cell => answer.Cells.Count,
        _ => answer.Keys.Count,
    };

    public static byte[] Json(RollupAnswer answer, RollupRequest request)
    {
        var buffer = new ArrayBufferWriter<byte>(16 * 1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("rollup", answer.Rollup.Name);
            json.WriteStartArray("dimensions");
            foreach (var dimension in answer.Rollup.Dimensions)
                json.WriteStringValue(dimension);
            json.WriteEndArray();
            json.WriteNumber("total", answer.Total);
            json.WriteNumber("other", answer.Other);
            json.WriteBoolean("exactPerKey", answer.IsExactPerKey);
            json.WriteNumber("windows", answer.Windows.Count);
            if (answer.Windows.Count > 0)
            {
                json.WriteString("firstWindow", answer.Windows[0].Window.ToString());
                json.WriteString("lastWindow", answer.Windows[^1].Window.ToString());
            }

            json.WriteNumber("rows", Rows(answer, request.Layout));
            json.WriteNumber("page", request.Page);
            json.WriteNumber("top", request.Top);
            json.WriteStartArray("items");
            foreach (var (key, window, count) in Page(answer, request))
            {
                json.WriteStartObject();
                for (var index = 0; index < (key?.Values.Count ?? 0); index++)
                    json.WriteString(answer.Rollup.Dimensions[index], key!.Values[index]);
                if (window is { } end)
                    json.WriteString("window_end", end.ToString());
                json.WriteNumber("view_count", count);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static byte[] Csv(RollupAnswer answer, RollupRequest request)
    {
        var text = new StringBuilder();
        var columns = request.Layout == RollupLayout.Window
            ? []
            : answer.Rollup.Dimensions.ToList();
        if (request.Layout != RollupLayout.Key)
            columns.Add("window_end");
        columns.Add("view_count");
        text.AppendJoin(',', columns).Append("\r\n");
        foreach (var (key, window, count) in Page(answer, request))
        {
            foreach (var value in key?.Values ?? [])
                Append(text, value).Append(',');
            if (window is { } end)
                text.Append(end.ToString()).Append(',');
            text.Append(CultureInfo.InvariantCulture, $"{count}\r\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static IEnumerable<(RollupKey? Key, Window? Window, long Count)> Page(
        RollupAnswer answer, RollupRequest request)
    {
        var first = (long)(request.Page - 1) * request.Top;
        var last = Math.Min(first + request.Top, Rows(answer, request.Layout));
        for (var index = first; index < last; index++)
        {
            yield return request.Layout switch
            {
                RollupLayout.Window => (null, answer.Windows[(int)index].Window, answer.Windows[(int)index].Count),
                RollupLayout.Cell => (answer.Cells[(int)index].Key, answer.Cells[(int)index].Window, answer.Cells[(int)index].Count),
                _ => (answer.Keys[(int)index].Key, null, answer.Keys[(int)index].Count),
            };
        }
    }

    // Spreadsheets run a cell that begins so, quoted or not; with an apostrophe before it they show it.
    private static StringBuilder Append(StringBuilder text, string value)
    {
        if (value is ['=' or '+' or '-' or '@' or '\t' or '\r', ..])
            value = "'" + value;
        return value.AsSpan().ContainsAny(MustQuote)
            ? text.Append('"').Append(value.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"')
            : text.Append(value);
    }
}
