using System.Data.Common;
using System.Globalization;
using Pulse.Actors.Storage.Actions;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;

namespace Pulse.Actors.Storage.Streams;

/// <summary>
/// The streams that a database counts: table <c>pulse_stream</c>, in the order in which they came. A stream is never taken out:
/// buckets have positions in it. Every failure is a <see cref="StorageException"/>.
/// </summary>
/// <param name="sessions">The database.</param>
internal sealed class StreamRegister(IStorageSessions sessions)
{
    /// <summary>Who accepts what needs no person.</summary>
    public const string Pulse = "pulse";

    /// <summary>Says what a stream is to the database, and adds it where it is counted from now on.</summary>
    /// <param name="stream">What Kafka says that the topic is.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>What it is, and the stream that it was compared with; null where there was none.</returns>
    public async Task<(StreamStanding Standing, CountedStream? Before)> AdmitAsync(
        CountedStream stream, CancellationToken cancellationToken)
    {
        var verdict = await sessions.RunAsync(
            async (connection, token) => StreamRule.Judge(await ReadAsync(connection, token).ConfigureAwait(false), stream),
            cancellationToken).ConfigureAwait(false);
        if (verdict.Standing is not (StreamStanding.First or StreamStanding.MadeAgain))
            return verdict;

        // Of several nodes that find it at once, one says so.
        return await sessions.RunAloneAsync(
            async (connection, token) =>
            {
                var judged = StreamRule.Judge(await ReadAsync(connection, token).ConfigureAwait(false), stream);
                if (judged.Standing is StreamStanding.First or StreamStanding.MadeAgain)
                    await AddAsync(connection, stream, Pulse, token).ConfigureAwait(false);
                return judged;
            },
            StorageAddress.CommandTimeout,
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Has a stream counted from its start, whatever it is to the database, and keeps who did.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="who">The operator, as <c>user@host</c>.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>Whether it was not counted before.</returns>
    public Task<bool> AcceptAsync(CountedStream stream, string who, CancellationToken cancellationToken) => sessions.RunAloneAsync(
        async (connection, token) =>
        {
            var counted = await ReadAsync(connection, token).ConfigureAwait(false);
            if (counted.Any(known => known.Name == stream.Name))
                return false;
            await AddAsync(connection, stream, who, token).ConfigureAwait(false);
            await ActionLog.AddAsync(connection, who, $"accept-stream: {stream.Name} is counted from its start.", token).ConfigureAwait(false);
            return true;
        },
        StorageAddress.CommandTimeout,
        cancellationToken);

    /// <summary>The streams, in the order in which they came.</summary>
    public Task<IReadOnlyList<CountedStream>> ReadAsync(CancellationToken cancellationToken) =>
        sessions.RunAsync(ReadAsync, cancellationToken);

    /// <summary>
    /// Notes the streams in which buckets have positions, in a database that has no note of streams: versions before had none.
    /// </summary>
    public static async Task FillAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        if ((await ReadAsync(connection, cancellationToken).ConfigureAwait(false)).Count > 0)
            return;
        var command = connection.Command("select positions from pulse_bucket order by version, bucket");
        await using var disposing = command.ConfigureAwait(false);
        var positions = await command.ReadAllAsync(row => row.GetString(0), cancellationToken).ConfigureAwait(false);
        foreach (var name in positions.SelectMany(NamesIn).Distinct())
            await AddAsync(connection, CountedStream.Parse(name), Pulse, cancellationToken).ConfigureAwait(false);
    }

    // A row that can't be read stands still by itself, and says so.
    private static IEnumerable<string> NamesIn(string positions)
    {
        try
        {
            return BucketPositions.Parse(positions).Streams;
        }
        catch (FormatException)
        {
            return [];
        }
    }

    private static async Task<IReadOnlyList<CountedStream>> ReadAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var command = connection.Command("select stream, cluster, topic, topic_id from pulse_stream order by number");
        await using var disposing = command.ConfigureAwait(false);
        return await command
            .ReadAllAsync(row => new CountedStream(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3)), cancellationToken)
            .ConfigureAwait(false);
    }

    private static async Task AddAsync(DbConnection connection, CountedStream stream, string who, CancellationToken cancellationToken)
    {
        var number = Convert.ToInt32(
            await connection.ScalarAsync("select coalesce(max(number), 0) + 1 from pulse_stream", cancellationToken).ConfigureAwait(false),
            CultureInfo.InvariantCulture);
        await connection.ExecuteAsync(
            "insert into pulse_stream (number, stream, cluster, topic, topic_id, accepted_by) "
            + "values (@number, @stream, @cluster, @topic, @id, @who)",
            cancellationToken,
            ("number", number),
            ("stream", stream.Name),
            ("cluster", stream.Cluster),
            ("topic", stream.Topic),
            ("id", stream.Id),
            ("who", who)).ConfigureAwait(false);
    }
}
