namespace Pulse.Verification.Declarations;

/// <summary>How a dimension's value is made of an event.</summary>
internal enum Derivation
{
    /// <summary>The field's text as it stands.</summary>
    Text,

    /// <summary>The decade of an age, written <c>30-39</c>.</summary>
    Age,

    /// <summary>The decade of a year, written <c>1990s</c>.</summary>
    Decade,

    /// <summary>Why the record is no event; only the ledger of dead letters has it.</summary>
    Verdict,
}
