using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Checkpoints;

/// <summary>Statements that PostgreSQL refuses, undoes or does not come to: what is said of them and of those around them.</summary>
public sealed class FailedStatementTests(PostgresFixture postgres) : PostgresCheckpointTest(postgres)
{
    [Fact]
    public async Task A_statement_that_waits_too_long_makes_the_rest_unknown_and_all_can_be_repeated()
    {
        var impatient = await Database.OpenAsync(Database.Options.ConnectionString + ";Command Timeout=1");
        var statement = History.After(await History.TakeOverAsync(Store));
        var neighbour = new BucketHistory(Database, 3);
        var behind = neighbour.After(await neighbour.TakeOverAsync(Store));
        await Other.HoldAsync(1);

        var outcomes = await impatient.StoreAsync([statement, behind], null, CancellationToken.None);
        await Other.ExecuteAsync("commit");

        Assert.All(outcomes, outcome =>
        {
            Assert.Equal(StatementResult.Unknown, outcome.Result);
            Assert.Contains("did not answer in time", outcome.Fault!.Message, StringComparison.Ordinal);
            Assert.True(outcome.Fault.IsTransient);
        });
        await Other.WaitingAsync(0);
        await ResultsAsync(statement, behind);
        Assert.Equal([statement], await History.StoredAsync());
        Assert.Equal([behind], await neighbour.StoredAsync());
    }

    [Theory]
    [InlineData("40P01")]
    [InlineData("40001")]
    public async Task A_statement_that_the_server_undid_for_another_s_sake_is_repeated(string state)
    {
        // A sequence does not go back with its transaction: every other row fails.
        await Other.ExecuteAsync(
            $"""
            create sequence attempts;
            create function refuse() returns trigger language plpgsql as $$ begin
              if nextval('attempts') % 2 = 1 then raise exception 'undone' using errcode = '{state}'; end if;
              return new; end $$;
            create trigger refuse before update on pulse_bucket for each row execute function refuse();
            """);
        var first = History.After(await History.TakeOverAsync(Store));
        var second = History.After(first.Next);

        var results = await ResultsAsync(first, second);

        Assert.Equal(StatementResult.Stored, results[0]);
        Assert.Equal(second.Next, await CheckpointAsync());
        Assert.Equal([first, second], await History.StoredAsync());
    }

    [Fact]
    public async Task What_the_server_undoes_again_and_again_is_unknown_in_the_end()
    {
        var first = History.After(await History.TakeOverAsync(Store));
        await Other.ExecuteAsync(
            """
            create function refuse() returns trigger language plpgsql as $$ begin
              raise exception 'undone' using errcode = '40P01'; end $$;
            create trigger refuse before update on pulse_bucket for each row execute function refuse();
            """);

        var outcome = Assert.Single(await Store.StoreAsync([first], null, CancellationToken.None));

        Assert.Equal(StatementResult.Unknown, outcome.Result);
        Assert.Contains("40P01", outcome.Fault!.Message, StringComparison.Ordinal);
        Assert.Empty(await History.StoredAsync());
    }

    [Fact]
    public async Task A_statement_is_stored_only_if_its_commit_is_and_those_before_it_are()
    {
        var first = History.After(await History.TakeOverAsync(Store));
        var second = History.After(first.Next);
        var third = History.After(second.Next);
        // Refuses at the commit, when the statement's own result was sent long ago.
        await Other.ExecuteAsync(
            $"""
            create function refuse() returns trigger language plpgsql as $$ begin
              if new.positions = '{second.Positions}' then raise exception 'not committed'; end if;
              return null; end $$;
            create constraint trigger refuse after update on pulse_bucket deferrable initially deferred
              for each row execute function refuse();
            """);

        var outcomes = await Store.StoreAsync([first, second, third], null, CancellationToken.None);

        Assert.Equal(
            [StatementResult.Stored, StatementResult.Refused, StatementResult.NotStored], outcomes.Select(outcome => outcome.Result));
        Assert.Contains("not committed", outcomes[1].Fault!.Message, StringComparison.Ordinal);
        Assert.Equal([first], await History.StoredAsync());
    }

    [Fact]
    public async Task Two_statements_of_a_batch_that_are_refused_each_say_why_and_the_others_hear_what_they_can_find_out()
    {
        var statements = new List<CheckpointStatement> { History.After(await History.TakeOverAsync(Store)) };
        for (var number = 1; number < 5; number++)
            statements.Add(History.After(statements[^1].Next));
        await Other.ExecuteAsync(
            $"""
            create function refuse() returns trigger language plpgsql as $$ begin
              if new.content_name in ('own 2', 'own 4') then raise exception 'refused %', new.content_name; end if;
              return new; end $$;
            create trigger refuse before insert on viewsByTitleAggregation for each row execute function refuse();
            """);
        var neighbour = new BucketHistory(Database, 0);
        statements.Insert(3, neighbour.After(await neighbour.TakeOverAsync(Store)));
        var third = new BucketHistory(Database, 3);
        statements.Add(third.After(await third.TakeOverAsync(Store)) with { Counts = [Cell("own 4")] });

        var outcomes = await Store.StoreAsync(statements, null, CancellationToken.None);

        // What stands behind the first one was executed, and its results were discarded: it is sent again.
        Assert.Equal(
            [
                StatementResult.Stored, StatementResult.Stored, StatementResult.Refused, StatementResult.NotStored, StatementResult.NotStored,
                StatementResult.NotStored, StatementResult.Refused,
            ],
            outcomes.Select(outcome => outcome.Result));
        Assert.Contains("refused own 2", outcomes[2].Fault!.Message, StringComparison.Ordinal);
        Assert.Contains("refused own 4", outcomes[6].Fault!.Message, StringComparison.Ordinal);
        Assert.Equal(statements[..2], await History.StoredAsync());
        Assert.Equal([statements[3]], await neighbour.StoredAsync());
        Assert.Empty(await third.StoredAsync());

        static KeyCount Cell(string title) => new(new RollupKey(title, "3"), BucketHistory.Window, 1);
    }
}
