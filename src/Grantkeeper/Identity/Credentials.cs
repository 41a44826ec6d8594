using Grantkeeper.Errors;

namespace Grantkeeper.Identity;

/// <summary>One kind of credential that a request may carry as <c>Authorization: Bearer</c>.</summary>
internal interface ICredentialKind
{
    /// <summary>Whether a text looks like one of this kind; says nothing about whether it is good.</summary>
    bool Recognizes(string presented);

    /// <summary>The caller behind it. Failures: 401 codes of <c>identity</c>.</summary>
    ValueTask<Result<Caller>> Verify(string presented, CancellationToken cancellation);
}

/// <summary>All kinds, told apart by how they begin; what no other kind recognizes is judged as an API key.</summary>
internal sealed class Credentials(IEnumerable<ICredentialKind> kinds, ApiKeys keys)
{
    private readonly ICredentialKind[] _kinds = [.. kinds.Append(keys)];

    public ValueTask<Result<Caller>> Verify(string presented, CancellationToken cancellation) =>
        _kinds.First(kind => kind.Recognizes(presented)).Verify(presented, cancellation);
}
