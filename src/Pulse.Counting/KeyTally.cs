
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

    internal bool IsEmpty => _count == 0;

    /// <returns>Whether it is the first event of its window, which makes a count of its own.</returns>
    internal bool Add(Window window)
    {
        if (_window != window)
            return AddToOtherWindow(window);
        return ++_count == 1;
    }

    /// <summary>Moves the increments out and leaves the tally empty.</summary>
    internal void MoveTo(List<KeyCount> counts)
    {
        counts.Add(new KeyCount(Key, _window, _count));
        _count = 0;
        if (_otherWindows is null)
            return;

        counts.AddRange(_otherWindows);
        _otherWindows = null;
    }

    private bool AddToOtherWindow(Window window)
    {
        if (_count == 0)
        {
            _window = window;
            _count = 1;
            return true;
        }

        _otherWindows ??= [];
        for (var index = 0; index < _otherWindows.Count; index++)
        {
            if (_otherWindows[index].Window != window)
                continue;
            _otherWindows[index] = _otherWindows[index] with { Count = _otherWindows[index].Count + 1 };
            return false;
        }

        _otherWindows.Add(new KeyCount(Key, window, 1));
        return true;
    }
}
