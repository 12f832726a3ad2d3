namespace Pulse.Actors.Buckets;

/// <summary>
/// Published on the node's event stream: a rollup was rebuilt under another declaration than this node's, so that the node can
/// count nothing of it any more.
/// </summary>
/// <param name="Message">What differs, where, and what to do.</param>
public sealed record DeclarationReplaced(string Message);
