namespace Pulse.Counting;

/// <summary>
/// The increments of one key since its bucket's last delta. Nearly always they fall into one window, so that one is
/// kept in fields and only others go to a list.
/// </summary>
public sealed class KeyTally
{
    private Window _window;
    private long _count;
    private List<KeyCount>? _otherWindows;

    internal KeyTally(BucketTally bucket, RollupKey key)
    {
        Bucket = bucket;
        Key = key;
    }

    /// <summary>The key.</summary>
    public RollupKey Key { get; }

    internal BucketTally Bucket { get; }

    /// <summary>What the key takes in a delta.</summary>
    internal int EncodedBytes => DeltaSize.BytesPerKey + Key.EncodedBytes;

    internal bool IsEmpty => _count == 0;

    /// <summary>Counts one more in a window that has some already. Hot path.</summary>
    /// <returns>False where it has none, or is not the usual one.</returns>
    internal bool TryIncrement(Window window)
    {
        if (_window != window || _count == 0)
            return false;
        _count++;
        return true;
    }

    /// <summary>Whether another window than the usual one has some already, so that one more takes no room in the delta.</summary>
    internal bool Holds(Window window) => IndexOf(window) >= 0;

    /// <summary>Counts one more where <see cref="TryIncrement"/> did not.</summary>
    internal void Add(Window window)
    {
        if (_count == 0)
            (_window, _count) = (window, 1);
        else if (IndexOf(window) is var index and >= 0)
            _otherWindows![index] = _otherWindows[index] with { Count = _otherWindows[index].Count + 1 };
        else
            (_otherWindows ??= []).Add(new KeyCount(Key, window, 1));
    }

    /// <summary>Moves the increments out and leaves none.</summary>
    internal void MoveTo(List<KeyCount> counts)
    {
        counts.Add(new KeyCount(Key, _window, _count));
        if (_otherWindows is not null)
            counts.AddRange(_otherWindows);
        Clear();
    }

    internal void Clear() => (_count, _otherWindows) = (0, null);

    private int IndexOf(Window window)
    {
        for (var index = 0; index < (_otherWindows?.Count ?? 0); index++)
        {
            if (_otherWindows![index].Window == window)
                return index;
        }

        return -1;
    }
}
