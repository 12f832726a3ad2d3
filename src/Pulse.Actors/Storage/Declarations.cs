using System.Globalization;
using LinqToDB.Data;
using Pulse.Counting;

namespace Pulse.Actors.Storage;

/// <summary>
/// What was counted here first, remembered: a table whose rollup or window length changes its meaning half-way would
/// hold numbers that mean nothing, so a change is refused.
/// </summary>
internal sealed class Declarations(SqlDialect dialect)
{
    private const string Table = "pulse_declarations";

    // No rollup can have these names: they are no SQL identifiers.
    private const string WindowLength = "window length";
    private const string CountingRule = "counting rule";
    private const string RuleOfNow = "late by the record's own timestamp; keys hashed by XXH64";

    public string Creation() =>
        $"create table if not exists {Table} (name {dialect.TextType} not null primary key, "
        + $"declaration {dialect.TextType} not null)";

    /// <summary>Records what is new and returns one line for each declaration that was another before.</summary>
    public async Task<IReadOnlyList<string>> RecordAsync(
        DataConnection connection,
        IEnumerable<Rollup> rollups,
        TimeSpan windowLength,
        CancellationToken cancellationToken)
    {
        // Counts of sealed windows had left memory, and keys had other buckets: such a database can't be counted on in.
        var isEmpty = await connection.ExecuteAsync<long>($"select count(*) from {Table}", cancellationToken)
            .ConfigureAwait(false) == 0;
        var rule = await connection.ExecuteAsync<string?>(
            $"select max(declaration) from {Table} where name = @name", cancellationToken, dialect.Text("name", CountingRule))
            .ConfigureAwait(false);
        if (!isEmpty && rule != RuleOfNow)
            return ["it was written by an earlier version of Pulse, whose counts this one can't continue; use an empty database, "
                + "or go on with that version"];
        await FirstAsync(connection, CountingRule, RuleOfNow, cancellationToken).ConfigureAwait(false);

        var mistakes = new List<string>();
        foreach (var rollup in rollups)
        {
            // Tables' names do not tell upper case from lower, so neither may this.
            var before = await FirstAsync(
                connection, rollup.Name.ToLowerInvariant(), rollup.ToString(), cancellationToken).ConfigureAwait(false);
            if (before != rollup.ToString())
                mistakes.Add($"rollup '{rollup.Name}' was first counted as {before} and is now declared as {rollup}; "
                    + "declare it as before, or give the new rollup another name");
        }

        var length = windowLength.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture) + " s";
        var lengthBefore = await FirstAsync(connection, WindowLength, length, cancellationToken).ConfigureAwait(false);
        if (lengthBefore != length)
            mistakes.Add($"windows were first counted with a length of {lengthBefore} and are now configured as "
                + $"{length}; configure the length as before, or use an empty database");
        return mistakes;
    }

    private async Task<string> FirstAsync(
        DataConnection connection, string name, string declaration, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(
            $"insert into {Table} (name, declaration) values (@name, @declaration) on conflict (name) do nothing",
            cancellationToken,
            dialect.Text("name", name),
            dialect.Text("declaration", declaration)).ConfigureAwait(false);
        return await connection.ExecuteAsync<string>(
            $"select declaration from {Table} where name = @name", cancellationToken, dialect.Text("name", name))
            .ConfigureAwait(false);
    }
}
