namespace Pulse.Events;

/// <summary>How a dimension's value is made of an event's field.</summary>
public enum Derivation
{
    /// <summary>The field's text as it stands.</summary>
    Text,

    /// <summary>The decade of an age in years, written <c>20-29</c>.</summary>
    AgeGroup,

    /// <summary>The decade of a calendar year, written <c>1990s</c>.</summary>
    Decade,
}
