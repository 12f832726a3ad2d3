namespace Pulse.EndToEnd.Tests.Faults;

/// <summary>For the tests that share <see cref="OneBroker"/>, one after another.</summary>
[CollectionDefinition(Name)]
public sealed class OneBrokerCollection : ICollectionFixture<OneBroker>
{
    public const string Name = "one broker";
}
