namespace Pulse.EndToEnd.Tests.Support;

/// <summary>For tests that need the machine to themselves.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
