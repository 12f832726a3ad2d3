using Xunit;
using Xunit.v3;

namespace Pulse.Testing;

/// <summary>
/// Marks a test that shows a fault of Pulse that is known and not mended yet. The test is written as it must pass one day and
/// judges with <see cref="KnownFault.Shows"/>.
/// </summary>
/// <param name="name">A short name; the trait's value.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KnownFaultAttribute(string name) : Attribute, ITraitAttribute
{
    /// <summary>The trait.</summary>
    public const string Trait = "KnownFault";

    /// <inheritdoc />
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new(Trait, name)];
}

/// <summary>Judges in tests that are marked with <see cref="KnownFaultAttribute"/>.</summary>
public static class KnownFault
{
    /// <summary>How a line of the report begins.</summary>
    public const string ReportedAs = "Known fault: ";

    private const int LinesShown = 2;

    /// <summary>
    /// Makes the assertions that the fault breaks. While they fail, the test counts as skipped, with the failure as its reason,
    /// and the run's report has a line of it. When they hold, the test fails until its mark is taken away, so that a fault that
    /// was mended stays mended. What comes before must work and fails the test as usual: nothing but assertions belongs here.
    /// </summary>
    /// <param name="assertions">What must hold one day.</param>
    public static void Shows(Action assertions)
    {
        var name = TestContext.Current.Test!.Traits[KnownFaultAttribute.Trait].Single();
        try
        {
            assertions();
        }
        catch (Exception failure) when (IsAssertion(failure))
        {
            var shown = $"{ReportedAs}{name}: {string.Join(' ', failure.Message.Split('\n', LinesShown + 1).Take(LinesShown)).Trim()}";
            RunReport.Add(shown);
            throw Requirement.NotHere(shown);
        }

        throw new InvalidOperationException(
            $"The known fault '{name}' does not show any more. Take its mark away, so that the test guards what was mended.");
    }

    // As xunit itself tells them: the interface is another one in each assertion library.
    private static bool IsAssertion(Exception failure) =>
        Array.Exists(failure.GetType().GetInterfaces(), each => each.Name == "IAssertionException");
}
