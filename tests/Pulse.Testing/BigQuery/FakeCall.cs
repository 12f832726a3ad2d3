namespace Pulse.Testing.BigQuery;

/// <summary>A request that the fake got.</summary>
/// <param name="Method">The HTTP verb.</param>
/// <param name="Path">The path, without the query.</param>
/// <param name="ContentRange">The <c>Content-Range</c> of an upload's chunk; empty for everything else.</param>
public sealed record FakeCall(string Method, string Path, string ContentRange)
{
    /// <summary>Whether it is a part of an upload, not the start of one.</summary>
    public bool IsChunk => Method == "PUT" && !ContentRange.StartsWith("bytes */", StringComparison.Ordinal);

    public bool IsUploadStart => Method == "POST" && Path.StartsWith("/upload/", StringComparison.Ordinal);

    public bool IsJobGet => Method == "GET" && Path.Contains("/jobs/", StringComparison.Ordinal);

    public bool IsQuery => Method == "POST" && Path.EndsWith("/queries", StringComparison.Ordinal);
}
