using System.Runtime.CompilerServices;
using System.Text;

namespace Pulse.Simulation.Tests;

/// <summary>Makes the text of a line only where somebody traces: scenarios say thousands of things a second.</summary>
[InterpolatedStringHandler]
internal readonly struct TraceLine
{
    private readonly StringBuilder? _text;

    public TraceLine(int literalLength, int formattedCount, Scenario scenario, out bool isNeeded)
    {
        isNeeded = scenario.IsTraced;
        _text = isNeeded ? new StringBuilder(literalLength + formattedCount * 8) : null;
    }

    public void AppendLiteral(string literal) => _text!.Append(literal);

    public void AppendFormatted<T>(T value) => _text!.Append(value);

    public override string ToString() => _text?.ToString() ?? "";
}
