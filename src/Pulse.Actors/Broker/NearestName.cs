namespace Pulse.Actors.Broker;

/// <summary>Finds which of some known names is meant by one that is not known.</summary>
public static class NearestName
{
    /// <summary>The known name that is most like a written one, and how far away it is; null where none is known.</summary>
    /// <param name="written">What was written.</param>
    /// <param name="known">The names that there are, in the same letter case.</param>
    public static (string Name, int Distance)? Of(string written, IEnumerable<string> known) => known
        .Select(name => ((string Name, int Distance)?)(name, Distance(written, name)))
        .OrderBy(each => each!.Value.Distance).ThenBy(each => each!.Value.Name, StringComparer.Ordinal)
        .FirstOrDefault();

    /// <summary>How many letters must be put in, taken out, changed or swapped with their neighbour.</summary>
    /// <param name="written">What was written.</param>
    /// <param name="known">What may be meant.</param>
    public static int Distance(string written, string known)
    {
        var rows = new int[written.Length + 1, known.Length + 1];
        for (var row = 0; row <= written.Length; row++)
        {
            for (var column = 0; column <= known.Length; column++)
            {
                if (row == 0 || column == 0)
                {
                    rows[row, column] = row + column;
                    continue;
                }

                var changed = rows[row - 1, column - 1] + (written[row - 1] == known[column - 1] ? 0 : 1);
                rows[row, column] = Math.Min(changed, Math.Min(rows[row - 1, column], rows[row, column - 1]) + 1);
                if (row > 1 && column > 1 && written[row - 1] == known[column - 2] && written[row - 2] == known[column - 1])
                    rows[row, column] = Math.Min(rows[row, column], rows[row - 2, column - 2] + 1);
            }
        }

        return rows[written.Length, known.Length];
    }
}
