using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Pulse.Counting;

namespace Pulse.Events;

/// <summary>
/// The rollups that are counted: the built-in three, those declared in configuration, and the ledger of dead letters,
/// which is counted by the same protocol so that its numbers are as exact as the others.
/// </summary>
public sealed partial class RollupCatalog
{
    /// <summary>The longest rollup name: with its suffix it must fit PostgreSQL's 63-byte identifiers.</summary>
    public const int MaximumNameLength = 48;

    /// <summary>The most dimensions of one rollup: a primary key must fit PostgreSQL's index pages.</summary>
    public const int MaximumDimensions = 8;

    /// <summary>The most rollups, built-in ones included: what nodes say of all of them fits into one message.</summary>
    public const int MaximumRollups = 100;

    /// <summary>The largest number of buckets that a rollup may ask for.</summary>
    public const int MaximumBuckets = 4096;

    private RollupCatalog(ImmutableArray<Rollup> rollups)
    {
        Rollups = rollups;
        Counted = rollups.Add(DeadLetters.Rollup);
    }

    /// <summary>The three rollups that every installation counts.</summary>
    public static ImmutableArray<Rollup> BuiltIn { get; } =
    [
        Declared("viewsByDeviceGenre", "device_type", "genre"),
        Declared("viewsByGenderAgeGroup", "gender", "age_group"),
        Declared("viewsByLocationMR", "country", "maturity_rating"),
    ];

    /// <summary>The built-in rollups and no others.</summary>
    public static RollupCatalog Default { get; } = new(BuiltIn);

    /// <summary>All rollups, built-in ones first, then in the order of their declaration.</summary>
    public ImmutableArray<Rollup> Rollups { get; }

    /// <summary>The same, and last the ledger of dead letters: everything that has buckets and a table.</summary>
    public ImmutableArray<Rollup> Counted { get; }

    /// <summary>Checks declarations and makes the catalogue of them.</summary>
    /// <param name="declarations">The rollups declared by the user, beside the built-in ones.</param>
    /// <param name="catalog">The catalogue, where there was no mistake.</param>
    /// <returns>One line for each mistake, naming the declaration and what is allowed; empty if there is none.</returns>
    public static IReadOnlyList<string> TryCreate(
        IReadOnlyList<RollupDeclaration> declarations, out RollupCatalog catalog)
    {
        var mistakes = new List<string>();
        var rollups = ImmutableArray.CreateBuilder<Rollup>();
        rollups.AddRange(BuiltIn);

        if (declarations.Count > MaximumRollups - BuiltIn.Length)
            mistakes.Add($"Pulse:Rollups declares {declarations.Count} rollups; at most {MaximumRollups - BuiltIn.Length} are allowed.");
        for (var index = 0; index < declarations.Count; index++)
        {
            var where = $"Pulse:Rollups:{index}";
            var before = mistakes.Count;
            var declaration = declarations[index];
            CheckName(declaration.Name, where, rollups, mistakes);
            var dimensions = CheckDimensions(declaration, where, mistakes);
            if (declaration.Buckets is < 1 or > MaximumBuckets)
                mistakes.Add($"{where}:Buckets is {declaration.Buckets}; use 1 to {MaximumBuckets}, "
                    + $"or leave it out for {Rollup.DefaultBuckets}.");
            var buckets = declaration.Buckets ?? Rollup.DefaultBuckets;
            if (declaration.MaximumKeys is { } maximum && maximum < buckets)
                mistakes.Add($"{where}:MaximumKeys is {maximum}; give at least one key for each of the {buckets} buckets.");
            if (mistakes.Count == before)
                rollups.Add(new Rollup(declaration.Name, dimensions, buckets)
                {
                    MaximumKeys = declaration.MaximumKeys ?? Rollup.DefaultMaximumKeys,
                });
        }

        catalog = new RollupCatalog(rollups.ToImmutable());
        return mistakes;
    }

    private static void CheckName(string name, string where, IEnumerable<Rollup> taken, List<string> mistakes)
    {
        if (!IdentifierPattern().IsMatch(name) || name.Length > MaximumNameLength)
            mistakes.Add($"{where}:Name is '{name}'; a rollup's name becomes a table's name, so use a letter followed by "
                + $"letters, digits or underscores, at most {MaximumNameLength}.");
        else if (taken.Any(rollup => string.Equals(rollup.Name, name, StringComparison.OrdinalIgnoreCase)))
            mistakes.Add($"{where}:Name is '{name}', which another rollup has already (case does not count); "
                + "choose another name.");
        else if (string.Equals(name, DeadLetters.RollupName, StringComparison.OrdinalIgnoreCase))
            mistakes.Add($"{where}:Name is '{name}', which Pulse keeps for its own count of dead letters; "
                + "choose another name.");
    }

    private static ImmutableArray<string> CheckDimensions(
        RollupDeclaration declaration, string where, List<string> mistakes)
    {
        var dimensions = ImmutableArray.CreateBuilder<string>();
        if (declaration.Dimensions.Count == 0)
            mistakes.Add($"{where}:Dimensions of '{declaration.Name}' is empty; name at least one of {KnownDimensions}.");

        if (declaration.Dimensions.Count > MaximumDimensions)
            mistakes.Add($"{where}:Dimensions of '{declaration.Name}' names {declaration.Dimensions.Count} dimensions; "
                + $"name at most {MaximumDimensions}.");

        foreach (var name in declaration.Dimensions)
        {
            if (!Dimension.TryFind(name, out _))
                mistakes.Add($"{where}:Dimensions of '{declaration.Name}' names '{name}', which is no dimension; "
                    + $"known are {KnownDimensions}.");
            else if (dimensions.Contains(name))
                mistakes.Add($"{where}:Dimensions of '{declaration.Name}' names '{name}' twice; name it once.");
            else
                dimensions.Add(name);
        }

        return dimensions.ToImmutable();
    }

    private static string KnownDimensions => string.Join(", ", Dimension.All);

    private static Rollup Declared(string name, params ReadOnlySpan<string> dimensions) => new(name, [.. dimensions]);

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_]*\z")]
    private static partial Regex IdentifierPattern();
}
