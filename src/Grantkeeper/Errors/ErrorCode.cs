namespace Grantkeeper.Errors;

/// <summary>One entry of the <see cref="ErrorCatalogue"/>: a stable word for one kind of refusal.</summary>
/// <param name="Code"><c>slice.snake_case</c>; never changes its meaning once released.</param>
/// <param name="Status">The HTTP status that the border answers with; 0 for faults that stop the start.</param>
/// <param name="Title">A short heading.</param>
/// <param name="Cause">What happened and why, in one or two sentences.</param>
/// <param name="Remedy">What the reader can do about it.</param>
/// <param name="Retryable">True when the same request may succeed later without anybody's help.</param>
public sealed record ErrorCode(string Code, int Status, string Title, string Cause, string Remedy, bool Retryable = false)
{
    /// <inheritdoc/>
    public override string ToString() => Code;
}
