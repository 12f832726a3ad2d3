using System.Runtime.InteropServices;
using System.Text;

namespace Pulse.Actors.Broker;

/// <summary>
/// What librdkafka says of its configuration properties, which Confluent.Kafka does not pass on.
/// </summary>
internal static unsafe partial class ClientLibrary
{
    private const int ReasonBytes = 512;

    /// <summary>Tries a property on a configuration of its own.</summary>
    /// <param name="name">The property's name.</param>
    /// <param name="value">Its value.</param>
    /// <returns>Why the client does not take it, in its own words; null where it does.</returns>
    public static string? Refusal(string name, string value)
    {
        var configuration = NativeClient.NewConfiguration();
        try
        {
            var reason = stackalloc byte[ReasonBytes];
            fixed (byte* property = Encoding.UTF8.GetBytes(name + '\0'), text = Encoding.UTF8.GetBytes(value + '\0'))
            {
                return NativeClient.SetProperty(configuration, property, text, reason, ReasonBytes) == 0
                    ? null
                    : Marshal.PtrToStringUTF8((nint)reason)!.Trim();
            }
        }
        finally
        {
            NativeClient.DestroyConfiguration(configuration);
        }
    }

    /// <summary>The library's table of all properties: a line for each, its columns separated by <c>|</c>.</summary>
    /// <returns>An empty text on Windows, which has no stream in memory to write it to.</returns>
    public static string PropertyTable()
    {
        if (OperatingSystem.IsWindows())
            return "";
        byte* text = null;
        nuint length = 0;
        var stream = OpenMemoryStream(&text, &length);
        NativeClient.ShowProperties(stream);
        _ = Close(stream);
        try
        {
            return Encoding.UTF8.GetString(text, (int)length);
        }
        finally
        {
            NativeMemory.Free(text);
        }
    }

    [LibraryImport("libc", EntryPoint = "open_memstream")]
    private static partial nint OpenMemoryStream(byte** text, nuint* length);

    [LibraryImport("libc", EntryPoint = "fclose")]
    private static partial int Close(nint stream);
}
