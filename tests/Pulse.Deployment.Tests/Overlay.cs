using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using k8s;
using k8s.Models;
using Pulse.Testing;

namespace Pulse.Deployment.Tests;

/// <summary>One overlay of <c>deploy/k8s</c> as <c>kubectl</c> renders it, in the API's own types.</summary>
internal sealed partial class Overlay
{
    private const string Node = "pulse";
    private static readonly ConcurrentDictionary<string, Overlay> Rendered = new();

    // What it renders has components, and patches in their newer form.
    private static readonly Lazy<bool> IsNewEnough = new(() =>
        ClientVersion().Match(Run("version", "--client")) is { Success: true } version
        && int.Parse(version.Groups["minor"].Value, CultureInfo.InvariantCulture) >= 27);

    private readonly List<object> _objects;

    private Overlay(List<object> objects) => _objects = objects;

    /// <summary>Every one of them.</summary>
    public static TheoryData<string> All { get; } = ["local", "gke"];

    /// <summary>The nodes.</summary>
    public V1StatefulSet Nodes => Get<V1StatefulSet>(Node);

    /// <summary>The nodes' pods.</summary>
    public V1PodSpec NodePod => Nodes.Spec.Template.Spec;

    /// <summary>The nodes' one container.</summary>
    public V1Container NodeContainer => Assert.Single(NodePod.Containers);

    /// <summary>Every kind of pod that there will be, with the name of what makes it.</summary>
    public IEnumerable<(string Name, V1PodTemplateSpec Template)> Pods =>
    [
        .. OfType<V1StatefulSet>().Select(each => (each.Name(), each.Spec.Template)),
        .. OfType<V1Job>().Select(each => (each.Name(), each.Spec.Template)),
    ];

    /// <summary>Renders and reads an overlay; skips the test where that can't be done.</summary>
    // Strict: what no type has, and what stands there twice, is an error; so is a kind that the API does not know.
    public static Overlay Render(string name) => Rendered.GetOrAdd(name, static each => new Overlay(
        KubernetesYaml.LoadAllFromString(Kubectl("kustomize", Repository.PathOf($"deploy/k8s/overlays/{each}")), strict: true)));

    public T Get<T>(string name)
        where T : class, IKubernetesObject, IMetadata<V1ObjectMeta> =>
        Assert.Single(OfType<T>(), each => each.Name() == name);

    public IEnumerable<T> OfType<T>() => _objects.OfType<T>();

    public IEnumerable<IMetadata<V1ObjectMeta>> Objects => _objects.Cast<IMetadata<V1ObjectMeta>>();

    /// <summary>A container's environment as the pod with number 0 sees it.</summary>
    /// <param name="container">Of the nodes.</param>
    /// <param name="secrets">Values of secrets that are made elsewhere, by key.</param>
    public Dictionary<string, string> Environment(V1Container container, IReadOnlyDictionary<string, string> secrets)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var source in container.EnvFrom ?? [])
            foreach (var (name, value) in Get<V1ConfigMap>(source.ConfigMapRef.Name).Data)
                all[name] = value;
        foreach (var variable in container.Env ?? [])
        {
            if (ValueOf(variable, all, secrets) is { } value)
                all[variable.Name] = value;
        }

        return all;
    }

    private string? ValueOf(
        V1EnvVar variable, Dictionary<string, string> before, IReadOnlyDictionary<string, string> secrets)
    {
        if (variable.ValueFrom is not { } source)
            // As Kubernetes does: only what was defined before is put in.
            return before.Aggregate(variable.Value ?? "", (text, each) =>
                text.Replace($"$({each.Key})", each.Value, StringComparison.Ordinal));
        if (source.FieldRef is { } field)
        {
            Assert.Equal("metadata.name", field.FieldPath);
            return $"{Node}-0";
        }

        var reference = source.SecretKeyRef;
        var secret = OfType<V1Secret>().SingleOrDefault(each => each.Name() == reference.Name);
        if (secret is null)
            return secrets[reference.Key];
        if (secret.Data.TryGetValue(reference.Key, out var value))
            return Encoding.UTF8.GetString(value);
        Assert.True(reference.Optional, $"The secret {reference.Name} has no {reference.Key}.");
        return null;
    }

    private static string Kubectl(params string[] arguments)
    {
        if (!IsNewEnough.Value)
            throw Requirement.Missing("kubectl is older than 1.27; install a newer one.");
        return Run(arguments);
    }

    private static string Run(params string[] arguments)
    {
        using var process = Start(arguments);
        // Both at once, lest one fills up while the other is waited for.
        var errors = process.StandardError.ReadToEndAsync();
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"kubectl {string.Join(' ', arguments)}: {errors.Result}");
        Assert.Equal("", errors.Result);
        return text;
    }

    private static Process Start(string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("kubectl", arguments)
            {
                RedirectStandardOutput = true, RedirectStandardError = true,
            })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw Requirement.Missing("There is no kubectl; install it with: apt-get install kubernetes-client");
        }
    }

    [GeneratedRegex(@"v1\.(?<minor>\d+)\.")]
    private static partial Regex ClientVersion();
}
