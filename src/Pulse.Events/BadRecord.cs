namespace Pulse.Events;

/// <summary>Why a record is no viewing event, and in which field it shows.</summary>
/// <param name="Reason">The kind of mistake.</param>
/// <param name="Field">The field concerned, or <see cref="EventField.None"/> where it is the whole record.</param>
public readonly record struct BadRecord(BadRecordReason Reason, EventField Field)
{
    /// <summary>No mistake: the record is a viewing event.</summary>
    public static BadRecord None => default;

    /// <summary>Whether the record is bad.</summary>
    public bool IsBad => Reason != BadRecordReason.None;

    /// <summary>For headers and logs: <c>MissingField DeviceType</c>.</summary>
    public override string ToString() => Field == EventField.None ? Reason.ToString() : $"{Reason} {Field}";
}
