namespace Grantkeeper.Tests;

/// <summary>Numbers that are the same on every run (xorshift64*), so that a failure can be repeated.</summary>
internal sealed class Seeded(ulong seed)
{
    private ulong _state = seed == 0 ? 1 : seed;

    public int Next(int below)
    {
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        return (int)((_state * 2685821657736338717UL >> 33) % (ulong)below);
    }

    public bool Coin() => Next(2) == 0;

    public T Of<T>(params T[] choices) => choices[Next(choices.Length)];
}
