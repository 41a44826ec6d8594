using System.Diagnostics.CodeAnalysis;

namespace Grantkeeper.Errors;

/// <summary>The outcome of an operation that is allowed to fail: a value or a <see cref="Errors.Failure"/>, never both.</summary>
/// <typeparam name="T">What a success carries.</typeparam>
public readonly struct Result<T>
{
    private readonly T? _value;

    private Result(T? value, Failure? failure)
    {
        _value = value;
        Failure = failure;
    }

    /// <summary>True when the operation succeeded.</summary>
    [MemberNotNullWhen(false, nameof(Failure))]
    public bool IsSuccess => Failure is null;

    /// <summary>Why the operation was refused; null after a success.</summary>
    public Failure? Failure { get; }

    /// <summary>The value of a success.</summary>
    /// <exception cref="InvalidOperationException">The operation failed; look at <see cref="Failure"/> first.</exception>
    public T Value => Failure is null ? _value! : throw new InvalidOperationException($"The operation failed with {Failure.Code.Code}.");

    /// <summary>Gives the value of a success, or the failure.</summary>
    /// <param name="value">The value, when this is a success.</param>
    /// <param name="failure">The failure, when this is none.</param>
    public bool TryGet([MaybeNullWhen(false)] out T value, [MaybeNullWhen(true)] out Failure failure)
    {
        value = _value;
        failure = Failure;
        return Failure is null;
    }

    /// <summary>A success whose value is an interface, which C# converts by no operator.</summary>
    internal static Result<T> Of(T value) => new(value, null);

    /// <summary>Wraps a value as a success.</summary>
    [SuppressMessage("Usage", "CA2225", Justification = "A return statement is the named alternative.")]
    public static implicit operator Result<T>(T value) => new(value, null);

    /// <summary>Wraps a failure.</summary>
    [SuppressMessage("Usage", "CA2225", Justification = "A return statement is the named alternative.")]
    public static implicit operator Result<T>(Failure failure) => new(default, failure);
}

/// <summary>The value of an operation that has nothing to say but that it was done.</summary>
public readonly record struct Done;
