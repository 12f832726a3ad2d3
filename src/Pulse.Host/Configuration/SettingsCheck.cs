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
                yield return $"{child.Path} is no setting; {(Meant(child) is { } meant ? $"the nearest is {meant}" : Known(section, shape))}.";
                continue;
            }

            foreach (var mistake in OfValue(child, property.PropertyType))
                yield return mistake;
        }
    }

    /// <summary>Whether a type is written as one value.</summary>
    public static bool IsPlain(Type type) =>
        type == typeof(string) || (Nullable.GetUnderlyingType(type) ?? type).IsValueType;

    /// <summary>What a list has; null for what is no list.</summary>
    public static Type? ElementOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IList<>) ? type.GetGenericArguments()[0] : null;

    private static IEnumerable<string> OfValue(IConfigurationSection section, Type type)
    {
        if (IsPlain(type))
            return Unreadable(section, type) is { } mistake ? [mistake] : [];
        if (ElementOf(type) is not null && !string.IsNullOrEmpty(section.Value))
            return [$"{section.Path} is '{section.Value}', but a list; give {section.Path}:0 and so on."];
        if (ElementOf(type) is { } element)
            return section.GetChildren().SelectMany(child => OfValue(child, element));
        if (typeof(IDictionary).IsAssignableFrom(type))
            return string.IsNullOrEmpty(section.Value) ? [] : [$"{section.Path} is one value, but a section; give {section.Path}:name and so on."];
        // The value itself may hold a password.
        return string.IsNullOrEmpty(section.Value)
            ? Mistakes(section, type)
            : [$"{section.Path} is one value, but a section; {Known(section, type)}."];
    }

    private static string? Meant(IConfigurationSection unknown)
    {
        var name = unknown.Path[(PulseOptions.Section.Length + 1)..];
        return (SettingNames.Same(name) ?? SettingNames.Near(name)) is { } path ? $"{PulseOptions.Section}:{path}" : null;
    }

    private static string Known(IConfigurationSection section, Type shape) =>
        $"{section.Path} has {string.Join(", ", shape.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(each => each.Name).Order())}";

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
}
