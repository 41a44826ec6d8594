namespace Grantkeeper.Testing.Twins;

/// <summary>What keeps grants from being lost and codes from being shown twice; a mutated twin lacks one, and the simulator must notice.</summary>
[Flags]
internal enum Protections
{
    None = 0,

    /// <summary>A failure is written by the holder of the lease alone.</summary>
    Fence = 1,

    /// <summary>A success is written into the consent that it was asked under.</summary>
    Epoch = 2,

    /// <summary>A success is written onto the generation that it was asked with.</summary>
    Generation = 4,

    /// <summary>An attempt is known before its request is sent.</summary>
    Intent = 8,

    /// <summary>One node at a time.</summary>
    Lease = 16,

    /// <summary>An answer is on disk before it is in the database.</summary>
    Spool = 32,

    /// <summary>Nodes hear of each other's changes.</summary>
    Signals = 64,

    /// <summary>A state is looked at and used up in one statement.</summary>
    Once = 128,

    All = Fence | Epoch | Generation | Intent | Lease | Spool | Signals | Once,
}
