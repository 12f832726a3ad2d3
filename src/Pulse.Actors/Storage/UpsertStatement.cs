using System.Globalization;
using System.Text;

namespace Pulse.Actors.Storage;

/// <summary>
/// The one statement that writes counts, on both databases: rows of absolute values, of which each replaces the
/// stored one only if it is larger.
/// </summary>
internal sealed class UpsertStatement
{
    private readonly string _head;
    private readonly string _tail;
    private readonly int _columns;
    private readonly string _full;

    /// <param name="table">The table's name, unquoted.</param>
    /// <param name="keyColumns">The columns of its primary key.</param>
    /// <param name="valueColumn">The column that only grows.</param>
    /// <param name="maximumRows">The most rows that one statement takes.</param>
    public UpsertStatement(string table, IReadOnlyList<string> keyColumns, string valueColumn, int maximumRows)
    {
        MaximumRows = maximumRows;
        _columns = keyColumns.Count + 1;
        var key = string.Join(", ", keyColumns);
        _head = $"insert into {table} ({key}, {valueColumn}) values ";
        _tail = $" on conflict ({key}) do update set {valueColumn} = excluded.{valueColumn} "
            + $"where excluded.{valueColumn} > {table}.{valueColumn}";
        _full = Build(maximumRows);
    }

    /// <summary>The most rows that one statement takes.</summary>
    public int MaximumRows { get; }

    /// <summary>The statement for a number of rows, its parameters named <c>@p0</c>, <c>@p1</c>… row by row.</summary>
    public string For(int rows) => rows == MaximumRows ? _full : Build(rows);

    /// <summary>The name of a parameter.</summary>
    public static string ParameterName(int index) => "p" + index.ToString(CultureInfo.InvariantCulture);

    private string Build(int rows)
    {
        var text = new StringBuilder(_head);
        var parameter = 0;
        for (var row = 0; row < rows; row++)
        {
            text.Append(row == 0 ? "(" : ", (");
            for (var column = 0; column < _columns; column++)
                text.Append(column == 0 ? "@" : ", @").Append(ParameterName(parameter++));
            text.Append(')');
        }

        return text.Append(_tail).ToString();
    }
}
