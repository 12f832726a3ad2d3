namespace Pulse.Counting;

/// <summary>What a bucket did with a question or a delta.</summary>
public enum AnswerKind
{
    /// <summary>It was asked for its position and says it.</summary>
    Position,

    /// <summary>The delta started at its position: counts and position moved together.</summary>
    Applied,

    /// <summary>It stands at the delta's end or beyond: nothing changed.</summary>
    Held,

    /// <summary>It stands elsewhere, before the delta or inside of it: nothing changed.</summary>
    Elsewhere,

    /// <summary>The delta was counted by another declaration: nothing changed, nor would it if it came again.</summary>
    OtherVersion,

    /// <summary>The topic was made again since: its old stream is refused for good.</summary>
    OldStream,

    /// <summary>The bucket stands apart: the database refuses what it has. Nothing changed; go on without it, and ask again.</summary>
    Apart,
}
