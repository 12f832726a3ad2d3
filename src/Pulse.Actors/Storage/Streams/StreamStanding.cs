namespace Pulse.Actors.Storage.Streams;

/// <summary>What a stream is to a database that is to count it.</summary>
public enum StreamStanding
{
    /// <summary>It counts it already.</summary>
    Counted,

    /// <summary>Nothing is known that it could be compared with: it is counted from now on.</summary>
    First,

    /// <summary>The topic was made again since: its new stream is counted as well, from its start.</summary>
    MadeAgain,

    /// <summary>The broker gives the topic an id, and gave none before: it may be the same stream, which its records can tell.</summary>
    GivenAnId,

    /// <summary>It is the stream of a topic that was made again since. Ids don't come back, so the answer was out of date.</summary>
    Replaced,

    /// <summary>The topic has an id, and the answer came without one.</summary>
    WithoutItsId,

    /// <summary>Another cluster or another topic than what is counted: perhaps a copy of it, or a wrong address. A person has to say.</summary>
    Foreign,
}
