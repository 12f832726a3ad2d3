using System.Runtime.CompilerServices;
using System.Text;

namespace Pulse.Simulation.Tests.Proof;

/// <summary>Makes the text of a violation only where there is one: the auditor asks thousands of times a second.</summary>
[InterpolatedStringHandler]
internal readonly struct RequirementDetail
{
    private readonly StringBuilder? _text;

    public RequirementDetail(int literalLength, int formattedCount, bool holds, out bool isNeeded)
    {
        isNeeded = !holds;
        _text = isNeeded ? new StringBuilder(literalLength + formattedCount * 8) : null;
    }

    public void AppendLiteral(string literal) => _text!.Append(literal);

    public void AppendFormatted<T>(T value) => _text!.Append(value);

    public override string ToString() => _text?.ToString() ?? "";
}
