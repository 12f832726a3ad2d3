using System.Numerics;
using System.Runtime.CompilerServices;

namespace Pulse.Simulator.Generation;

/// <summary>
/// A seeded stream of random numbers (xoshiro256**, seeded through SplitMix64). Written out here because the bytes
/// that a seed gives must not change with the runtime's version.
/// </summary>
internal struct RandomStream
{
    private ulong a, b, c, d;

    internal RandomStream(ulong seed)
    {
        a = Mix(ref seed);
        b = Mix(ref seed);
        c = Mix(ref seed);
        d = Mix(ref seed);
    }

    /// <summary>One seed for each purpose and start, so that switching one disturbance on leaves the rest as it was.</summary>
    internal static ulong Derive(long seed, long start, string purpose)
    {
        var state = (ulong)seed;
        var derived = Mix(ref state);
        state ^= (ulong)start;
        derived ^= Mix(ref state);
        foreach (var character in purpose)
        {
            state ^= character;
            derived ^= Mix(ref state);
        }

        return derived;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ulong Next()
    {
        var result = BitOperations.RotateLeft(b * 5, 7) * 9;
        var shifted = b << 17;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= shifted;
        d = BitOperations.RotateLeft(d, 45);
        return result;
    }

    /// <summary>0 (inclusive) to 1 (exclusive).</summary>
    internal double NextFraction() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>0 (inclusive) to <paramref name="limit"/> (exclusive).</summary>
    internal int NextBelow(int limit) => (int)Math.BigMul(Next(), (ulong)limit, out _);

    private static ulong Mix(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        var mixed = state;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }
}
