namespace Grantkeeper.Egress;

/// <summary>Turns what the HTTP stack throws into a fault.</summary>
internal static class EgressExceptions
{
    /// <summary>Judges an exception. In doubt the verdict is the one that forbids sending again.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="unsent">True when the request surely never left.</param>
    /// <param name="cancelled">True when the caller gave up.</param>
    /// <param name="late">True when the total time ran out.</param>
    public static EgressOutcome Judge(Exception exception, bool unsent, bool cancelled, bool late)
    {
        for (var inner = exception; inner is not null; inner = inner.InnerException)
            if (inner is AddressNotAllowedException) return EgressOutcome.Failed(EgressFault.AddressNotAllowed);
        if (exception is HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded })
            return EgressOutcome.Failed(EgressFault.TooLarge);
        if (cancelled) return EgressOutcome.Failed(EgressFault.Cancelled, mayHaveLeft: !unsent);
        if (unsent) return EgressOutcome.Failed(EgressFault.NotConnected);
        return EgressOutcome.Failed(late ? EgressFault.TimedOut : EgressFault.Broken);
    }

    /// <summary>
    /// True when the exception arose before there was a connection: lookup, TCP, TLS, or the handler's connect timeout, which
    /// shows as a cancellation that nobody asked for.
    /// </summary>
    public static bool IsConnecting(Exception exception, bool stopped) => exception switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError
            or HttpRequestError.SecureConnectionError } => true,
        OperationCanceledException { InnerException: TimeoutException } => !stopped,
        _ => false,
    };
}
