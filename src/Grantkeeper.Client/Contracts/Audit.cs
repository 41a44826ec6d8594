namespace Grantkeeper.Client.Contracts;

/// <summary>Answer of <c>GET /api/v1/oauth/audit</c>: a page of the audit log, newest first.</summary>
/// <param name="Audit">The rows.</param>
/// <param name="NextCursor">The next page's cursor; null on the last.</param>
public sealed record AuditList(IReadOnlyList<AuditEntry> Audit, string? NextCursor);

/// <summary>One row of the audit log. Never a token, code or key.</summary>
/// <param name="Id">Its id.</param>
/// <param name="At">When it was written, by the database's clock.</param>
/// <param name="Action">A closed word, for example <c>connect</c>, <c>refresh_failed</c>, <c>token_read</c>; docs/audit.md has all of them.</param>
/// <param name="UserId">Whose it is; <c>~system</c> for what belongs to the deployment.</param>
/// <param name="Actor">The person or agent who acted for the user, if the caller named one.</param>
/// <param name="Caller">The key, session or user that asked; null for background work.</param>
/// <param name="IntegrationId">The integration that it is about; null when it is about none.</param>
/// <param name="Provider">The provider's key.</param>
/// <param name="Scopes">The scopes that it is about.</param>
/// <param name="IpAddress">Where the request came from.</param>
/// <param name="UserAgent">What the requesting program calls itself, cut to 300 characters.</param>
/// <param name="Success">Whether it ended well.</param>
/// <param name="Code">A code of the error catalogue, the provider's error word, or a closed word.</param>
/// <param name="DurationMs">How long it took, in milliseconds.</param>
/// <param name="Count">How often it happened; above 1 only for reads of tokens, which are added up.</param>
/// <param name="Node">The node that wrote it, where that matters.</param>
/// <param name="NodeSequence">The number of the node's batch of reads; a gap shows reads that a crash kept from being written.</param>
/// <param name="CorrelationId">The request's trace id, as problems and log lines name it.</param>
public sealed record AuditEntry(
    Guid Id, DateTimeOffset At, string Action, string UserId, string? Actor, string? Caller, Guid? IntegrationId, string? Provider, IReadOnlyList<string> Scopes, string? IpAddress, string? UserAgent,
    bool Success, string? Code, int? DurationMs, int Count, string? Node, long? NodeSequence, string? CorrelationId);
