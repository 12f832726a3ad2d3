using System.Runtime.Serialization;

namespace Pulse.Actors.Ingest;

/// <summary>What reading a message in columns has to check, whatever it holds.</summary>
internal static class Columns
{
    /// <summary>A field of a row.</summary>
    /// <exception cref="SerializationException">The column is too short.</exception>
    public static T At<T>(IList<T> column, uint row) => row < (uint)column.Count ? column[(int)row] : throw Malformed();

    /// <summary>A field of a row; zero where the column was left out, since all of it is.</summary>
    public static long AtOrZero(IList<long> column, int row) => column.Count == 0 ? 0 : column[row];

    /// <summary>Leaves out a column of zeros only.</summary>
    public static void LeaveOutZeros(IList<long> column)
    {
        foreach (var field in column)
        {
            if (field != 0)
                return;
        }

        column.Clear();
    }

    /// <summary>Sees that columns are equally long.</summary>
    /// <exception cref="SerializationException">They are not.</exception>
    public static void Require(params ReadOnlySpan<int> lengths)
    {
        foreach (var length in lengths)
        {
            if (length != lengths[0])
                throw Malformed();
        }
    }

    /// <summary>What is thrown where columns do not fit together.</summary>
    public static SerializationException Malformed() => new("The columns of a message do not fit together.");
}
