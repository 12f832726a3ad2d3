using System.Runtime.InteropServices;
using Pulse.Shared;

namespace Pulse.Simulator.Broker;

/// <summary>
/// The few functions of librdkafka's C API that its mock cluster needs, taken from the very library that
/// Confluent.Kafka loaded. The package carries several builds and the client picks one that this machine can load,
/// so a fixed name in a DllImport would sometimes find another build or none.
/// </summary>
internal sealed unsafe class NativeMockCluster
{
    private const int Producer = 0;
    private const int ErrorTextBytes = 512;
    private const int ConfigurationAccepted = 0;
    private static readonly Lazy<NativeMockCluster> Loaded = new(() => new NativeMockCluster());

    private readonly delegate* unmanaged[Cdecl]<nint> configurationNew;
    private readonly delegate* unmanaged[Cdecl]<nint, void> configurationDestroy;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, nuint, int> configurationSet;
    private readonly delegate* unmanaged[Cdecl]<nint, nint, void> configurationSetLogCallback;
    private readonly delegate* unmanaged[Cdecl]<int, nint, byte*, nuint, nint> clientNew;
    private readonly delegate* unmanaged[Cdecl]<nint, void> clientDestroy;
    private readonly delegate* unmanaged[Cdecl]<nint, int, nint> clusterNew;
    private readonly delegate* unmanaged[Cdecl]<nint, void> clusterDestroy;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*> clusterBootstraps;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, int, int, int> topicCreate;
    private readonly delegate* unmanaged[Cdecl]<nint, int, void> setInitialRebalanceDelay;
    private readonly delegate* unmanaged[Cdecl]<nint, int, void> setController;
    private readonly delegate* unmanaged[Cdecl]<int, byte*> errorText;

    private NativeMockCluster()
    {
        var library = FindLibrary();
        configurationNew = (delegate* unmanaged[Cdecl]<nint>)Export(library, "rd_kafka_conf_new");
        configurationDestroy = (delegate* unmanaged[Cdecl]<nint, void>)Export(library, "rd_kafka_conf_destroy");
        configurationSet = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, nuint, int>)
            Export(library, "rd_kafka_conf_set");
        configurationSetLogCallback = (delegate* unmanaged[Cdecl]<nint, nint, void>)
            Export(library, "rd_kafka_conf_set_log_cb");
        clientNew = (delegate* unmanaged[Cdecl]<int, nint, byte*, nuint, nint>)Export(library, "rd_kafka_new");
        clientDestroy = (delegate* unmanaged[Cdecl]<nint, void>)Export(library, "rd_kafka_destroy");
        clusterNew = (delegate* unmanaged[Cdecl]<nint, int, nint>)Export(library, "rd_kafka_mock_cluster_new");
        clusterDestroy = (delegate* unmanaged[Cdecl]<nint, void>)Export(library, "rd_kafka_mock_cluster_destroy");
        clusterBootstraps = (delegate* unmanaged[Cdecl]<nint, byte*>)
            Export(library, "rd_kafka_mock_cluster_bootstraps");
        topicCreate = (delegate* unmanaged[Cdecl]<nint, byte*, int, int, int>)
            Export(library, "rd_kafka_mock_topic_create");
        setInitialRebalanceDelay = (delegate* unmanaged[Cdecl]<nint, int, void>)
            Export(library, "rd_kafka_mock_group_initial_rebalance_delay_ms");
        setController = (delegate* unmanaged[Cdecl]<nint, int, void>)
            Export(library, "rd_kafka_mock_set_controller_id");
        errorText = (delegate* unmanaged[Cdecl]<int, byte*>)Export(library, "rd_kafka_err2str");
    }

    /// <exception cref="EmbeddedBrokerException">No native library, or one without a mock cluster.</exception>
    internal static NativeMockCluster Load() => Loaded.Value;

    /// <summary>Makes the client that carries the mock cluster's threads; it never connects to anything.</summary>
    internal nint NewClient()
    {
        var configuration = configurationNew();
        // No callback at all means silence: librdkafka's own default prints to the user's terminal.
        configurationSetLogCallback(configuration, 0);
        var error = stackalloc byte[ErrorTextBytes];
        fixed (byte* name = "client.id\0"u8, value = "pulse-embedded-broker\0"u8)
        {
            if (configurationSet(configuration, name, value, error, ErrorTextBytes) != ConfigurationAccepted)
            {
                configurationDestroy(configuration);
                throw new EmbeddedBrokerException($"The embedded broker refused its configuration: {Text(error)}");
            }
        }

        var client = clientNew(Producer, configuration, error, ErrorTextBytes);
        if (client != 0)
            return client;

        // A client that was made owns the configuration; one that was not made leaves it to us.
        configurationDestroy(configuration);
        throw new EmbeddedBrokerException($"The embedded broker could not start its client: {Text(error)}");
    }

    internal void DestroyClient(nint client) => clientDestroy(client);

    internal nint NewCluster(nint client, int brokers)
    {
        var cluster = clusterNew(client, brokers);
        if (cluster == 0)
            throw new EmbeddedBrokerException(
                "The embedded broker could not open its ports on 127.0.0.1. Are sockets or file handles used up?");
        return cluster;
    }

    internal void DestroyCluster(nint cluster) => clusterDestroy(cluster);

    internal string BootstrapServers(nint cluster) => Text(clusterBootstraps(cluster));

    internal void SetInitialRebalanceDelay(nint cluster, TimeSpan delay) =>
        setInitialRebalanceDelay(cluster, (int)delay.TotalMilliseconds);

    internal void SetController(nint cluster, int node) => setController(cluster, node);

    /// <returns>Null when the topic was made, otherwise what librdkafka says.</returns>
    internal string? CreateTopic(nint cluster, string topic, int partitions, int replicas)
    {
        var name = Marshal.StringToCoTaskMemUTF8(topic);
        try
        {
            var error = topicCreate(cluster, (byte*)name, partitions, replicas);
            return error == 0 ? null : Text(errorText(error));
        }
        finally
        {
            Marshal.FreeCoTaskMem(name);
        }
    }

    private static string Text(byte* utf8) => Marshal.PtrToStringUTF8((nint)utf8) ?? "";

    private static nint Export(nint library, string name) =>
        NativeLibrary.TryGetExport(library, name, out var address)
            ? address
            : throw new EmbeddedBrokerException(
                $"The librdkafka that is loaded has no function '{name}', so it cannot host the embedded broker. "
                + "Use the librdkafka.redist package that Confluent.Kafka brings, or a real broker.");

    private static nint FindLibrary()
    {
        try
        {
            return KafkaClientLibrary.Find();
        }
        catch (DllNotFoundException failure)
        {
            throw new EmbeddedBrokerException(
                $"The embedded broker has no native library: {failure.Message} Or use a real broker: set "
                + "Pulse__Kafka__BootstrapServers.", failure);
        }
    }
}
