using System.Diagnostics;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Pulse.Shared;

/// <summary>
/// The native library that Confluent.Kafka loaded. Its package carries several builds and the client picks one that this
/// machine can load, so a fixed name in a DllImport would sometimes find another build or none. Compiled into each project
/// that calls librdkafka itself.
/// </summary>
internal static class KafkaClientLibrary
{
    /// <summary>The library's handle.</summary>
    /// <exception cref="DllNotFoundException">Neither the client nor this could load it.</exception>
    public static nint Find()
    {
        try
        {
            Library.Load();
        }
        catch (Exception failure) when (failure is InvalidOperationException or TypeInitializationException)
        {
            throw new DllNotFoundException(
                "None of the builds of librdkafka that come with Confluent.Kafka could be loaded on this machine: "
                + failure.Message, failure);
        }

        foreach (ProcessModule module in Process.GetCurrentProcess().Modules)
        {
            // A second load of the same file only counts a reference; it gives the handle of the loaded library.
            if (IsClientLibrary(module.FileName) && NativeLibrary.TryLoad(module.FileName, out var loaded))
                return loaded;
        }

        // Where a system does not tell a process's modules: the same names in the order that the client tries them.
        foreach (var name in (string[])["librdkafka", "centos8-librdkafka", "alpine-librdkafka"])
        {
            if (NativeLibrary.TryLoad(name, typeof(Library).Assembly, null, out var loaded))
                return loaded;
        }

        throw new DllNotFoundException(
            "The librdkafka that Confluent.Kafka loaded is not among this process's modules. Install the "
            + "librdkafka.redist package that Confluent.Kafka brings.");
    }

    private static bool IsClientLibrary(string? file)
    {
        var name = Path.GetFileName(file);
        return name is not null
            && name.Contains("librdkafka", StringComparison.OrdinalIgnoreCase)
            && !name.Contains("librdkafkacpp", StringComparison.OrdinalIgnoreCase);
    }
}
