namespace Grantkeeper.Launcher;

/// <summary>
/// Something the person at the terminal can act on. The message is whole sentences: the cause, then the remedy.
/// It is shown as it is, without a stack trace.
/// </summary>
internal sealed class LaunchException : Exception
{
    public LaunchException(string message)
        : base(message)
    {
    }

    public LaunchException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
