using System.Runtime.InteropServices;
using System.Text;
using Pulse.Shared;

namespace Pulse.Actors.Broker;

/// <summary>
/// The functions of librdkafka's C API that tell its configuration properties, which Confluent.Kafka does not pass on.
/// </summary>
internal static unsafe partial class ClientLibrary
{
    private const int ReasonBytes = 512;
    private static readonly Functions Native = new(KafkaClientLibrary.Find());

    /// <summary>Tries a property on a configuration of its own.</summary>
    /// <param name="name">The property's name.</param>
    /// <param name="value">Its value.</param>
    /// <returns>Why the client does not take it, in its own words; null where it does.</returns>
    public static string? Refusal(string name, string value)
    {
        var configuration = Native.NewConfiguration();
        try
        {
            var reason = stackalloc byte[ReasonBytes];
            fixed (byte* property = Encoding.UTF8.GetBytes(name + '\0'), text = Encoding.UTF8.GetBytes(value + '\0'))
            {
                return Native.Set(configuration, property, text, reason, ReasonBytes) == 0
                    ? null
                    : Marshal.PtrToStringUTF8((nint)reason)!.Trim();
            }
        }
        finally
        {
            Native.DestroyConfiguration(configuration);
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
        Native.ShowProperties(stream);
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

    private sealed class Functions(nint library)
    {
        public readonly delegate* unmanaged[Cdecl]<nint> NewConfiguration =
            (delegate* unmanaged[Cdecl]<nint>)NativeLibrary.GetExport(library, "rd_kafka_conf_new");

        public readonly delegate* unmanaged[Cdecl]<nint, void> DestroyConfiguration =
            (delegate* unmanaged[Cdecl]<nint, void>)NativeLibrary.GetExport(library, "rd_kafka_conf_destroy");

        public readonly delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, nuint, int> Set =
            (delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, nuint, int>)
            NativeLibrary.GetExport(library, "rd_kafka_conf_set");

        public readonly delegate* unmanaged[Cdecl]<nint, void> ShowProperties =
            (delegate* unmanaged[Cdecl]<nint, void>)
            NativeLibrary.GetExport(library, "rd_kafka_conf_properties_show");
    }
}
