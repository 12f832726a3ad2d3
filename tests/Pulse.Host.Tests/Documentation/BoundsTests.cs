using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using Pulse.Actors.Hosting;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Host.Api;
using Pulse.Warehouse;

namespace Pulse.Host.Tests.Documentation;

/// <summary>The tables of bounds in the manual, held against the code.</summary>
public sealed partial class BoundsTests
{
    private const BindingFlags Members =
        BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly Type[] Growing =
    [
        typeof(List<>), typeof(Dictionary<,>), typeof(HashSet<>), typeof(Queue<>), typeof(Stack<>), typeof(LinkedList<>), typeof(SortedList<,>),
        typeof(SortedDictionary<,>), typeof(SortedSet<>), typeof(PriorityQueue<,>), typeof(ConcurrentQueue<>), typeof(ConcurrentStack<>),
        typeof(ConcurrentBag<>), typeof(ConcurrentDictionary<,>), typeof(BlockingCollection<>), typeof(Channel<>), typeof(Channel<,>),
        typeof(SemaphoreSlim),
    ];

    // These grow where another takes their place.
    private static readonly Type[] Replaced =
    [
        typeof(ImmutableArray<>), typeof(ImmutableDictionary<,>), typeof(ImmutableHashSet<>), typeof(ImmutableList<>), typeof(ImmutableQueue<>),
        typeof(ImmutableStack<>), typeof(ImmutableSortedDictionary<,>), typeof(ImmutableSortedSet<>),
    ];

    // The demonstration is no node, and what protoc writes is a message's content.
    private static readonly string[] Elsewhere =
    [
        "Pulse.Host.Demo", "Pulse.Host.Cli", "Pulse.Host.Console", "Pulse.Actors.Live.Wire", "Pulse.Actors.Ingest.Wire",
        "Pulse.Actors.Storage.Upgrade.Wire", "Pulse.Actors.Coordination.Proto",
    ];

    private static readonly Type[] Types =
    [
        .. new[] { typeof(BucketId), typeof(EventDecoder), typeof(IWarehouse), typeof(PulseSettings), typeof(NodeStatus) }
            .SelectMany(type => type.Assembly.GetTypes())
            .Where(type => type.Namespace is { } name && name.StartsWith("Pulse.", StringComparison.Ordinal) && !Elsewhere.Contains(name)),
    ];

    private static readonly string Section = SectionOf(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "operations.md")));

    public static TheoryData<string, string> Limits { get; } = new(Rows().Select(row => (row[2].Trim('`'), row[1])));

    [Theory]
    [MemberData(nameof(Limits))]
    public void A_limit_in_the_manual_is_that_of_the_code(string member, string limit) =>
        Assert.Equal(long.Parse(limit, NumberStyles.AllowThousands, CultureInfo.InvariantCulture), ValueOf(member));

    [Fact]
    public void What_happens_at_each_limit_is_said()
    {
        Assert.InRange(Limits.Count, 40, 200);
        Assert.All(Rows(), row => Assert.All(row, cell => Assert.NotEmpty(cell)));
        Assert.Equal(Limits.Count, Rows().Select(row => row[2]).Distinct().Count());
    }

    [Fact]
    public void No_collection_of_a_node_that_can_grow_is_missing()
    {
        var named = Names().Matches(Section).Select(match => match.Groups[1].Value.Split('.')[0]).ToHashSet(StringComparer.Ordinal);
        // What a method holds for itself ends with it.
        var growing = Types
            .Where(type => !type.Name.Contains('<', StringComparison.Ordinal))
            .Where(type => type.GetFields(Members).Any(IsGrowing))
            .Select(NameOf).Distinct().ToList();

        Assert.True(growing.Count > 40, "They are not found any more.");
        var missing = growing.Where(name => !named.Contains(name)).Order(StringComparer.Ordinal).ToList();
        Assert.True(missing.Count == 0, $"The manual does not say how these are bounded: {string.Join(", ", missing)}.");
    }

    [Fact]
    public void No_type_is_named_that_is_gone()
    {
        var known = Types.Select(NameOf).ToHashSet(StringComparer.Ordinal);

        Assert.All(Names().Matches(Section), match => Assert.Contains(match.Groups[1].Value.Split('.')[0], known));
    }

    private static bool IsGrowing(FieldInfo field)
    {
        var type = field.FieldType.IsGenericType ? field.FieldType.GetGenericTypeDefinition() : field.FieldType;
        return Growing.Contains(type) || (!field.IsInitOnly && Replaced.Contains(type));
    }

    private static string NameOf(Type type) => type.Name.Split('`')[0];

    private static long ValueOf(string path)
    {
        var names = path.Split('.');
        var type = Assert.Single(Types, each => NameOf(each) == names[0] && !each.IsGenericType);
        object? value = null;
        foreach (var name in names.Skip(1))
        {
            var member = Assert.Single(type.GetMember(name, Members));
            value = member switch
            {
                FieldInfo field => field.GetValue(field.IsStatic ? null : value ?? Activator.CreateInstance(type)),
                PropertyInfo { GetMethod.IsStatic: true } property => property.GetValue(null),
                PropertyInfo property => property.GetValue(value ?? Activator.CreateInstance(type)),
                _ => throw new InvalidOperationException($"{path} is no constant and no property."),
            };
            type = value!.GetType();
        }

        return Convert.ToInt64(value, CultureInfo.InvariantCulture);
    }

    private static IEnumerable<string[]> Rows() => Section.Split('\n')
        .Select(line => line.Trim().Trim('|').Split('|', StringSplitOptions.TrimEntries))
        .Where(cells => cells.Length == 4 && cells[2].StartsWith('`'));

    private static string SectionOf(string manual)
    {
        var from = manual.IndexOf("\n## Bounds\n", StringComparison.Ordinal);
        return manual[from..manual.IndexOf("\n## ", from + 1, StringComparison.Ordinal)];
    }

    [GeneratedRegex("`([A-Z][A-Za-z]+(?:\\.[A-Z][A-Za-z]+)*)`")]
    private static partial Regex Names();
}
