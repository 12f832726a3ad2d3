using System.Collections;
using System.ComponentModel;
using System.Reflection;

namespace Pulse.Host.Configuration;

/// <summary>
/// Compares what a user wrote with the options that there are: a line for every unknown name and every value that can't
/// be read, where the binder stops at the first and speaks of its own types.
/// </summary>
internal static class SettingsCheck
{
    /// <summary>Checks a section against a type of options.</summary>
    /// <param name="section">What was written.</param>
    /// <param name="shape">The type that it is bound to.</param>
    /// <returns>One line per mistake.</returns>
    public static IEnumerable<string> Mistakes(IConfigurationSection section, Type shape)
    {
        foreach (var child in section.GetChildren())
        {
            var property = shape.GetProperty(
                child.Key, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase);
            if (property is null)
            {
                var known = shape.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(each => each.Name);
                yield return $"{child.Path} is no setting; {section.Path} has {string.Join(", ", known.Order())}.";
                continue;
            }

            foreach (var mistake in OfValue(child, property.PropertyType))
                yield return mistake;
        }
    }

    private static IEnumerable<string> OfValue(IConfigurationSection section, Type type)
    {
        if (IsPlain(type))
            return Unreadable(section, type) is { } mistake ? [mistake] : [];
        if (ElementOf(type) is not null && !string.IsNullOrEmpty(section.Value))
            return [$"{section.Path} is '{section.Value}', but a list; give {section.Path}:0 and so on."];
        if (ElementOf(type) is { } element)
            return section.GetChildren().SelectMany(child => OfValue(child, element));
        return typeof(IDictionary).IsAssignableFrom(type) ? [] : Mistakes(section, type);
    }

    private static string? Unreadable(IConfigurationSection section, Type type)
    {
        if (section.Value is not { } text)
            return section.GetChildren().Any() ? $"{section.Path} is one value, not a section." : null;
        try
        {
            TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text);
            return null;
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or NotSupportedException
            or OverflowException)
        {
            return $"{section.Path} is '{text}'; give {Expected(Nullable.GetUnderlyingType(type) ?? type)}.";
        }
    }

    private static string Expected(Type type) =>
        type == typeof(TimeSpan) ? "a time span such as 00:05:00"
        : type == typeof(bool) ? "true or false"
        : "a whole number";

    private static bool IsPlain(Type type) =>
        type == typeof(string) || (Nullable.GetUnderlyingType(type) ?? type).IsValueType;

    private static Type? ElementOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IList<>) ? type.GetGenericArguments()[0] : null;
}
