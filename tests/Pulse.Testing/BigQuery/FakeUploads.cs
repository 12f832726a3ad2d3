using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace Pulse.Testing.BigQuery;

/// <summary>
/// Resumable uploads as Google's protocol has them: 308 with the bytes held so far, chunks in multiples of 256 KiB,
/// questions about the state, repeated chunks.
/// </summary>
internal sealed partial class FakeUploads : IDisposable
{
    private const int ChunkUnit = 256 * 1024;
    private const int ResumeIncomplete = 308;

    private readonly Dictionary<string, FakeUpload> _uploads = new(StringComparer.Ordinal);
    private readonly string _directory = Directory.CreateTempSubdirectory("pulse-fake-bigquery-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    public string NewFile() => Path.Combine(_directory, Guid.NewGuid().ToString("N"));

    public string Begin(byte[] job)
    {
        var id = Guid.NewGuid().ToString("N");
        _uploads.Add(id, new FakeUpload(job, NewFile()));
        return id;
    }

    /// <summary>Takes a chunk or a question; null where the answer (308) is written, else the complete upload.</summary>
    public async Task<FakeUpload?> ContinueAsync(HttpContext context, int? takeOnly)
    {
        var id = (string?)context.Request.Query["upload_id"];
        if (id is null || !_uploads.TryGetValue(id, out var upload))
            throw FakeBigQueryException.NotFound("upload session");
        var range = ContentRange().Match((string?)context.Request.Headers.ContentRange ?? "");
        if (!range.Success)
            throw FakeBigQueryException.Invalid("Failed to parse Content-Range header.");
        if (range.Groups["total"].Value is not "*" and var total)
            upload.Total = long.Parse(total, CultureInfo.InvariantCulture);
        if (range.Groups["from"].Success)
            await TakeAsync(
                context, upload, long.Parse(range.Groups["from"].Value, CultureInfo.InvariantCulture),
                long.Parse(range.Groups["to"].Value, CultureInfo.InvariantCulture), takeOnly);
        if (upload.Held == upload.Total)
            return upload;

        context.Response.StatusCode = ResumeIncomplete;
        if (upload.Held > 0)
            context.Response.Headers.Range = $"bytes=0-{upload.Held - 1}";
        return null;
    }

    private static async Task TakeAsync(HttpContext context, FakeUpload upload, long from, long to, int? takeOnly)
    {
        var length = to - from + 1;
        if (context.Request.ContentLength is { } said && said != length)
            throw FakeBigQueryException.Invalid($"Content-Length is {said}, Content-Range says {length}.");
        if (length % ChunkUnit != 0 && to + 1 != upload.Total)
            throw FakeBigQueryException.Invalid("Chunks must be multiples of 256 KiB, except for the last.");
        if (from > upload.Held)
            throw FakeBigQueryException.Invalid($"There is a gap: {upload.Held} bytes are here, the chunk begins at {from}.");

        using var chunk = new MemoryStream();
        await context.Request.Body.CopyToAsync(chunk);
        if (chunk.Length != length)
            throw FakeBigQueryException.Invalid($"The chunk has {chunk.Length} bytes instead of {length}.");
        var taken = takeOnly is { } only ? Math.Min(only / ChunkUnit * ChunkUnit, length) : length;
        // What is here already may come again; it is passed over.
        var known = upload.Held - from;
        if (taken <= known)
            return;
        await using var file = new FileStream(upload.File, FileMode.Append);
        await file.WriteAsync(chunk.GetBuffer().AsMemory((int)known, (int)(taken - known)));
        upload.Held += taken - known;
    }

    [GeneratedRegex(@"^bytes (\*|(?<from>\d+)-(?<to>\d+))/(?<total>\d+|\*)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex ContentRange();
}

/// <summary>One upload.</summary>
internal sealed class FakeUpload(byte[] job, string file)
{
    public byte[] Job => job;

    public string File => file;

    public long Held { get; set; }

    public long? Total { get; set; }

    /// <summary>What the end was answered with, to be answered again when the end is sent again.</summary>
    public FakeJob? Made { get; set; }
}
