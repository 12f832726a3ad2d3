using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>Commands with named parameters, on either database.</summary>
internal static class SqlCommands
{
    /// <summary>A command; parameters are <c>@name</c> in its text.</summary>
    [SuppressMessage("Security", "CA2100", Justification = "Texts are Pulse's own; values are parameters.")]
    public static DbCommand Command(
        this DbConnection connection, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }

        return command;
    }

    /// <summary>Executes a statement.</summary>
    public static Task ExecuteAsync(
        this DbConnection connection, string sql, CancellationToken cancellationToken, params ReadOnlySpan<(string, object)> parameters)
    {
        var command = connection.Command(sql, parameters);
        return ExecuteAsync(command, cancellationToken);

        static async Task ExecuteAsync(DbCommand command, CancellationToken cancellationToken)
        {
            await using var disposing = command.ConfigureAwait(false);
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Reads all rows of a query.</summary>
    public static async Task<List<T>> ReadAllAsync<T>(
        this DbCommand command, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        var rows = new List<T>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            rows.Add(read(reader));
        return rows;
    }

    /// <summary>The first value of a query's first row.</summary>
    public static async Task<object?> ScalarAsync(
        this DbConnection connection, string sql, CancellationToken cancellationToken, params (string Name, object Value)[] parameters)
    {
        var command = connection.Command(sql, parameters);
        await using var disposing = command.ConfigureAwait(false);
        return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
    }
}
