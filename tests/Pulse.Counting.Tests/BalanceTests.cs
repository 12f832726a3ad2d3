namespace Pulse.Counting.Tests;

public sealed class BalanceTests
{
    [Fact]
    public void Balances_add_up_term_by_term() =>
        Assert.Equal(new Balance(11, 22, 33, 44, 110), new Balance(1, 2, 3, 4, 10) + new Balance(10, 20, 30, 40, 100));
}
