namespace Pulse.Actors.Ingest;

/// <summary>Numbers the names of a message in the order in which they come up, so that each is told once.</summary>
internal sealed class NameTable<T>
    where T : class
{
    private Dictionary<T, uint>? _indexes;

    /// <summary>The names, each at its number.</summary>
    public List<T> Names { get; } = [];

    /// <summary>The number of a name.</summary>
    public uint IndexOf(T name)
    {
        // Nearly always it is the one that came last: one stream, and one key for each bucket.
        if (Names.Count > 0 && ReferenceEquals(Names[^1], name))
            return (uint)Names.Count - 1;
        _indexes ??= [];
        if (_indexes.TryGetValue(name, out var index))
            return index;
        index = (uint)Names.Count;
        _indexes.Add(name, index);
        Names.Add(name);
        return index;
    }
}
