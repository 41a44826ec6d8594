namespace Grantkeeper.Testing.Peers;

/// <summary>What a <see cref="ChaosProxy"/> has seen since its start.</summary>
/// <param name="Accepted">Connections accepted, whatever became of them.</param>
/// <param name="Reset">Connections reset on arrival.</param>
/// <param name="Cut">Connections reset after a number of bytes.</param>
/// <param name="BytesUp">Bytes passed on to the target.</param>
/// <param name="BytesDown">Bytes passed on to clients.</param>
/// <param name="Open">Sockets open now, on both sides.</param>
public sealed record ChaosCounters(int Accepted, int Reset, int Cut, long BytesUp, long BytesDown, int Open);
