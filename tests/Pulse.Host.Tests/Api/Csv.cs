using System.Text;

namespace Pulse.Host.Tests.Api;

/// <summary>Reads CSV as RFC 4180 has it.</summary>
internal static class Csv
{
    public static List<List<string>> Rows(string text)
    {
        var rows = new List<List<string>>();
        var place = 0;
        while (place < text.Length)
        {
            List<string> row = [Field(text, ref place)];
            for (; place < text.Length && text[place] == ','; row.Add(Field(text, ref place)))
                place++;
            Assert.Equal("\r\n", text.Substring(place, 2));
            place += 2;
            rows.Add(row);
        }

        return rows;
    }

    private static string Field(string text, ref int place)
    {
        var field = new StringBuilder();
        if (place >= text.Length || text[place] != '"')
        {
            for (; place < text.Length && text[place] is not (',' or '\r'); place++)
                field.Append(text[place]);
            return field.ToString();
        }

        for (place++; ; place++)
        {
            if (text[place] == '"' && (++place >= text.Length || text[place] != '"'))
                return field.ToString();
            field.Append(text[place]);
        }
    }
}
