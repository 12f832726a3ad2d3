namespace Pulse.Counting;

/// <summary>
/// Names one content of a bucket's row for ever. It is random and new with every write, so that a statement which
/// expects it can only follow the very state that it was made for, also where the database went back to an older state.
/// </summary>
/// <param name="Value">128 random bits.</param>
public readonly record struct CheckpointId(Guid Value)
{
    /// <inheritdoc />
    public override string ToString() => Value.ToString();
}
