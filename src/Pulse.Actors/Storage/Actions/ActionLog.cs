using System.Data.Common;
using Pulse.Actors.Storage.Checkpoints;

namespace Pulse.Actors.Storage.Actions;

/// <summary>
/// The table <c>pulse_action</c>: what operators did, each in the transaction of the act, so that there is no act without its
/// row. Rows are never changed or deleted.
/// </summary>
public sealed class ActionLog
{
    /// <summary>The most rows that are read at once.</summary>
    public const int MaximumRead = 1_000;

    private const int MaximumWho = 200;
    private const int MaximumWhat = 2_000;

    private readonly IStorageSessions _sessions;

    internal ActionLog(IStorageSessions sessions) => _sessions = sessions;

    /// <summary>Reads the newest actions, newest first.</summary>
    /// <param name="limit">How many at most.</param>
    /// <param name="before">Only those of smaller numbers; null for the newest of all.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="StorageException">Storage can't be read.</exception>
    public Task<IReadOnlyList<OperatorAction>> ReadAsync(int limit, long? before, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, MaximumRead);
        return _sessions.RunAsync<IReadOnlyList<OperatorAction>>(
            async (connection, token) =>
            {
                var command = connection.Command(
                    "select number, at, who, what from pulse_action where number < @before order by number desc limit @limit",
                    ("before", before ?? long.MaxValue),
                    ("limit", limit));
                await using var disposing = command.ConfigureAwait(false);
                return await command
                    .ReadAllAsync(
                        row => new OperatorAction(
                            row.GetInt64(0), DateTime.SpecifyKind(row.GetDateTime(1), DateTimeKind.Utc), row.GetString(2), row.GetString(3)),
                        token)
                    .ConfigureAwait(false);
            },
            cancellationToken);
    }

    /// <summary>Keeps an action, in the transaction that does it.</summary>
    internal static Task AddAsync(DbConnection connection, string who, string what, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
            "insert into pulse_action (who, what) values (@who, @what)",
            cancellationToken,
            ("who", Bounded(who, MaximumWho)),
            ("what", Bounded(what, MaximumWhat)));

    private static string Bounded(string text, int length)
    {
        text = text.ReplaceLineEndings(" ");
        return text.Length <= length ? text : $"{text[..(length - 1)]}…";
    }
}
