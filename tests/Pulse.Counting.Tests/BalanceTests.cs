namespace Pulse.Counting.Tests;

public sealed class BalanceTests
{
    [Fact]
    public void Balances_add_up_term_by_term() =>
        Assert.Equal(new Balance(11, 22, 33, 44, 110), new Balance(1, 2, 3, 4, 10) + new Balance(10, 20, 30, 40, 100));

    [Theory]
    [InlineData(9, false)]
    [InlineData(10, true)]
    [InlineData(11, false)]
    public void A_balance_is_even_where_the_other_terms_are_what_was_consumed(long consumed, bool isEven)
    {
        var balance = new Balance(1, 2, 3, 4, consumed);

        Assert.Equal((10, isEven), (balance.Accounted, balance.IsEven));
    }
}
