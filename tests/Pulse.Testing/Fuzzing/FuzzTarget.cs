namespace Pulse.Testing.Fuzzing;

/// <summary>What is fuzzed: each reader of text from outside. Each has the same share of the time.</summary>
public enum FuzzTarget
{
    /// <summary>The values of event records.</summary>
    Events,

    /// <summary>Times, in events, completions and the API.</summary>
    Times,

    /// <summary>The values of completion records.</summary>
    Completions,

    /// <summary>The bytes of messages between nodes, and of what the coordinator keeps in its journal.</summary>
    Messages,

    /// <summary>Settings by their names, as the environment has them.</summary>
    Settings,

    /// <summary>Files of settings.</summary>
    Files,

    /// <summary>Requests of HTTP: path, parameters, headers, body.</summary>
    Requests,

    /// <summary>The arguments of a command line.</summary>
    Arguments,
}
