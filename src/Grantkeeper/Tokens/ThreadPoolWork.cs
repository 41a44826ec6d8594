namespace Grantkeeper.Tokens;

/// <summary>Work on the thread pool.</summary>
internal sealed class ThreadPoolWork : IDetached
{
    public Task<T> Start<T>(Func<Task<T>> work) => Task.Run(work);
}
