using System.Diagnostics.CodeAnalysis;

namespace Grantkeeper.Client;

/// <summary>What an operation of <see cref="GrantkeeperClient"/> gave: a value or a <see cref="Client.Problem"/>, never both. Refusals are no exceptions.</summary>
/// <typeparam name="T">What a success carries.</typeparam>
public readonly struct Answer<T>
{
    private readonly T? _value;

    private Answer(T? value, Problem? problem)
    {
        _value = value;
        Problem = problem;
    }

    /// <summary>True when there is a value.</summary>
    [MemberNotNullWhen(false, nameof(Problem))]
    public bool IsSuccess => Problem is null;

    /// <summary>Why there is no value; null after a success.</summary>
    public Problem? Problem { get; }

    /// <summary>The value.</summary>
    /// <exception cref="InvalidOperationException">There is none; look at <see cref="Problem"/> first.</exception>
    public T Value => Problem is null ? _value! : throw new InvalidOperationException($"There is no value: {Problem.Code}.");

    /// <summary>Gives the value, or the problem.</summary>
    /// <param name="value">The value of a success.</param>
    /// <param name="problem">The problem otherwise.</param>
    public bool TryGet([MaybeNullWhen(false)] out T value, [MaybeNullWhen(true)] out Problem problem)
    {
        value = _value;
        problem = Problem;
        return Problem is null;
    }

    /// <summary>Wraps a value.</summary>
    [SuppressMessage("Usage", "CA2225", Justification = "A return statement is the named alternative.")]
    public static implicit operator Answer<T>(T value) => new(value, null);

    /// <summary>Wraps a problem.</summary>
    [SuppressMessage("Usage", "CA2225", Justification = "A return statement is the named alternative.")]
    public static implicit operator Answer<T>(Problem problem) => new(default, problem);
}
